"""News sitemaps to items; and what is said of sitemaps that are no feeds."""

from datetime import UTC, datetime

import pytest

from monitor.model.item import Item, Parsed, ParseFailure
from monitor.model.poll import Document
from monitor.steps.parse import parse

NOW = datetime(2025, 2, 24, 12, tzinfo=UTC)
URL = "https://news.example/sitemap-news.xml"
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
)


def read(body: str) -> Parsed | ParseFailure:
    return parse(Document(body=body.encode(), url=URL), NOW)


def urlset(urls: str, spaces: str = SPACES) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {spaces}>{urls}</urlset>'


def url(number: int, title: str = "Talks resume", more: str = "", language: str = "en") -> str:
    return f"""<url><loc>https://news.example/{number}</loc><news:news>
      <news:publication><news:name>The Example Times</news:name><news:language>{language}</news:language></news:publication>
      <news:publication_date>2025-02-24T10:00:00+01:00</news:publication_date><news:title>{title}</news:title>{more}</news:news></url>"""


def item(number: int, title: str = "Talks resume", lang: str = "en", categories: tuple[str, ...] = ()) -> Item:
    link = f"https://news.example/{number}"
    return Item(
        guid=link,
        link=link,
        title=title,
        categories=categories,
        published=datetime(2025, 2, 24, 9, tzinfo=UTC),
        lang=lang,
        source_title="The Example Times",
    )


NEWS = {
    "everything": (
        urlset(url(1, "Talks &amp; terms", "<news:keywords>Ukraine, peace talks,</news:keywords>")),
        (item(1, "Talks & terms", categories=("Ukraine", "peace talks")),),
    ),
    "two languages": (urlset(url(1) + url(2, language="uk")), (item(1), item(2, lang="uk"))),
    "title of a picture is no title": (
        urlset(url(1, more="").replace("</url>", "<image:image><image:loc>https://i.example/p</image:loc><image:title>P</image:title></image:image></url>")),
        (item(1),),
    ),
    "prefix of its own": (
        urlset(url(1).replace("news:", "n:"), SPACES.replace("xmlns:news", "xmlns:n")),
        (item(1),),
    ),
    "prefix that nobody declared": (urlset(url(1), ""), (item(1),)),
    "title in CDATA": (urlset(url(1, "<![CDATA[Talks resume]]>")), (item(1),)),
}  # fmt: skip


@pytest.mark.parametrize(("body", "items"), NEWS.values(), ids=NEWS)
def test_news_sitemaps(body: str, items: tuple[Item, ...]) -> None:
    langs = {each.lang for each in items}
    expected = Parsed(
        kind="sitemap", title="The Example Times", lang=langs.pop() if len(langs) == 1 else "", items=items
    )
    assert read(body) == expected


NO_FEEDS = {
    "pages only": (
        urlset("<url><loc>https://news.example/about</loc></url>"),
        "a sitemap without news entries: it lists pages, but no titles that could be matched",
    ),
    "empty": (urlset(""), "an empty sitemap: it lists neither pages nor news"),
    "an index": (
        "<sitemapindex>" + "".join(f"<sitemap><loc>/s{n}.xml</loc></sitemap>" for n in range(5)) + "</sitemapindex>",
        "an index of sitemaps, not a feed; use one that it lists, such as https://news.example/s0.xml or https://news.example/s1.xml or https://news.example/s2.xml",
    ),
    "an index of nothing": ("<sitemapindex/>", "an index of sitemaps, not a feed"),
    "entities that expand": (
        f"<!DOCTYPE urlset [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]>{urlset(url(1, '&b;')).partition('?>')[2]}",
        "its DOCTYPE declares entities that expand or lead elsewhere: refused",
    ),
    "an entity from elsewhere": (
        f"<!DOCTYPE urlset [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>{urlset(url(1, '&a;')).partition('?>')[2]}",
        "its DOCTYPE declares entities that expand or lead elsewhere: refused",
    ),
    "nested without end": (urlset("<a>" * 100), "a sitemap nested deeper than 32 elements"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "detail"), NO_FEEDS.values(), ids=NO_FEEDS)
def test_sitemaps_that_are_no_feeds(body: str, detail: str) -> None:
    assert read(body) == ParseFailure(detail=detail)


def test_what_is_cut_off_is_kept_as_far_as_it_goes() -> None:
    parsed = read(urlset(url(1) + url(2)).partition("</news:title></news:news></url></urlset>")[0])
    assert isinstance(parsed, Parsed)
    assert (parsed.items, parsed.complaints) == ((item(1),), ("broken XML: no element found in line 6",))


def test_pages_between_the_news_are_counted() -> None:
    parsed = read(urlset("<url><loc>/about</loc></url>" + url(1)))
    assert isinstance(parsed, Parsed)
    assert (parsed.items, parsed.complaints) == ((item(1),), ("pages that are no news were left out: 1",))


def test_more_entries_than_the_limit_are_counted_and_left_out() -> None:
    parsed = read(urlset("".join(url(n) for n in range(5_002))))
    assert isinstance(parsed, Parsed)
    assert (len(parsed.items), parsed.truncated) == (5_000, 2)
