"""The feeds that pages and headers name; and pages that mean harm."""

import pytest

from monitor.text import links

URL = "https://news.example/world/"


def head(*lines: str) -> str:
    return f"<!DOCTYPE html><html><head>{''.join(lines)}</head><body></body></html>"


RSS = '<link rel="alternate" type="application/rss+xml" href="/rss">'
NAMED = {
    "RSS": (head(RSS), ["https://news.example/rss"]),
    "Atom and JSON Feed": (
        head('<link href="a" rel="alternate" type="application/atom+xml" />', "<link rel=alternate type=application/feed+json href=b>"),
        ["https://news.example/world/a", "https://news.example/world/b"],
    ),
    "capitals and apostrophes": (head("<LINK REL='Alternate' TYPE='application/RSS+XML; charset=utf-8' HREF='/x'>"), ["https://news.example/x"]),
    "rel=feed": (head('<link rel="feed" href="/f">'), ["https://news.example/f"]),
    "twice": (head(RSS, RSS), ["https://news.example/rss"]),
    "a base": (head('<base href="https://other.example/d/">', '<link rel="alternate" type="application/rss+xml" href="x">'), ["https://other.example/d/x"]),
    "an entity in the address": (head('<link rel="alternate" type="application/rss+xml" href="/?a=1&amp;b=2">'), ["https://news.example/?a=1&b=2"]),
    "a sign in a title": (head('<link rel="alternate" type="application/rss+xml" title="a > b" href="/x">'), ["https://news.example/x"]),
    "an attribute that only ends so": (head('<link rel="alternate" type="application/rss+xml" data-href="/no" href="/x">'), ["https://news.example/x"]),
    "in a comment": (head(f"<!-- {RSS} -->"), []),
    "in a script": (head(f"<script>'{RSS}'</script>"), []),
    "a style sheet, another language": (head('<link rel="stylesheet" href="/s.css">', '<link rel="alternate" hreflang="de" href="/de">'), []),
    "an embedding": (head('<link rel="alternate" type="application/json+oembed" href="/o">'), []),
    "no web address": (head('<link rel="alternate" type="application/rss+xml" href="javascript:x">'), []),
    "the page itself": (head(f'<link rel="alternate" type="application/rss+xml" href="{URL}#top">'), []),
    "no page": ("{}", []),
}  # fmt: skip


@pytest.mark.parametrize(("page", "found"), NAMED.values(), ids=NAMED)
def test_what_a_page_names(page: str, found: list[str]) -> None:
    assert links.named(page, URL) == found


LINKED = {
    "/feed": True,
    "/feeds/": True,
    "/world/rss.xml": True,
    "/rss": True,
    "/atom.xml": True,
    "/news.rss": True,
    "/world?format=rss": True,
    "https://feeds.news.example/all": False,
    "https://feeds.news.example/rss/all": True,
    "https://elsewhere.example/feed": False,
    "/about": False,
    "/feedback": False,
    "/class/": False,
    "/news?id=rss": False,
}


@pytest.mark.parametrize(("href", "is_like_a_feed"), LINKED.items(), ids=LINKED)
def test_which_links_look_like_feeds(href: str, is_like_a_feed: bool) -> None:
    assert bool(links.linked(f'<p><a class=x href="{href}">.</a>', URL)) is is_like_a_feed


HEADERS = {
    "one": (['</rss>; rel="alternate"; type="application/rss+xml"'], ["https://news.example/rss"]),
    "two in one": (
        ['<https://a.example/>; rel=canonical, <a.xml>; type="application/atom+xml"; rel="alternate"; title="A, B"'],
        ["https://news.example/world/a.xml"],
    ),
    "in two": (
        ["</1>; rel=alternate; type=application/rss+xml", "</2>; rel=alternate; type=application/rss+xml"],
        ["https://news.example/1", "https://news.example/2"],
    ),
    "another type": (['</de>; rel="alternate"; hreflang="de"'], []),
    "nonsense": (["<<<>>>;;;==", ""], []),
}


@pytest.mark.parametrize(("values", "found"), HEADERS.values(), ids=HEADERS)
def test_what_headers_name(values: list[str], found: list[str]) -> None:
    assert links.in_headers(values, URL) == found


HOSTILE = {
    "tags that never end": "<a " * 1_000_000,
    "quotes that never end": "<a '<a \"" * 300_000,
    "attributes without end": "<a " + "x=" * 1_000_000,
    "comments that never end": "<!--" * 500_000,
    "scripts that never end": "<script" * 300_000,
    "brackets": "<" * 2_000_000,
}


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE)
def test_hostile_pages_end(page: str) -> None:
    assert (links.named(page, URL), links.linked(page, URL)) == ([], [])


@pytest.mark.parametrize("value", ["<a>;" * 5_000, "<" * 20_000, "<a>" + "; x" * 6_000, "<a>; rel=" + " " * 20_000])
def test_hostile_headers_end(value: str) -> None:
    assert links.in_headers([value], URL) == []


def test_common_places() -> None:
    assert links.common_places(URL)[:3] == [
        "https://news.example/feed",
        "https://news.example/rss",
        "https://news.example/rss.xml",
    ]
