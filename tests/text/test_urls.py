"""Links: which are one page, which are a page at all, who stands behind them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.urls import URL_CHARS_MAX, absolute, canonical, is_home_page, registrable_domain, shown

PAGE = "https://news.example.com/world/talks"

SAME_PAGE = {
    "itself": PAGE,
    "http": "http://news.example.com/world/talks",
    "capitals in scheme and host": "HTTPS://News.EXAMPLE.com/world/talks",
    "www": "https://www.news.example.com/world/talks",
    "for phones": "https://m.news.example.com/world/talks",
    "for phones, in the middle": "https://news.m.example.com/world/talks",
    "amp host": "https://amp.news.example.com/world/talks",
    "amp path": "https://news.example.com/world/talks/amp",
    "amp path with slash": "https://news.example.com/world/talks/amp/",
    "amp folder": "https://news.example.com/amp/world/talks",
    "amp parameter": "https://news.example.com/world/talks?amp=1",
    "amp cache": "https://news-example-com.cdn.ampproject.org/c/s/news.example.com/world/talks",
    "amp at Google": "https://www.google.com/amp/s/news.example.com/world/talks",
    "default port": "http://news.example.com:80/world/talks",
    "final dot": "https://news.example.com./world/talks",
    "fragment": "https://news.example.com/world/talks#comments",
    "trailing slash": "https://news.example.com/world/talks/",
    "doubled slash": "https://news.example.com//world//talks",
    "user": "https://reader:secret@news.example.com/world/talks",
    "encoded letters": "https://news.example.com/%77orld/t%61lks",
    "campaign": "https://news.example.com/world/talks?utm_source=rss&utm_medium=feed&at_campaign=x&ns_mchannel=rss",
    "clicks": "https://news.example.com/world/talks?fbclid=a&gclid=b&CMP=share&xtor=RSS-1&ref=home&maca=en-rss",
    "source that is a feed": "https://news.example.com/world/talks?source=rss&traffic_source=rss",
    "ampersand escaped twice": "https://news.example.com/world/talks?utm_source=a&amp;utm_medium=b",
    "session": "https://news.example.com/world/talks;jsessionid=0A1B?PHPSESSID=1",
    "white space": "  https://news.example.com/world/talks\n",
}


@pytest.mark.parametrize("url", SAME_PAGE.values(), ids=SAME_PAGE)
def test_forms_of_one_page_are_one_page(url: str) -> None:
    assert canonical(url) == PAGE


CANONICAL = {
    "what identifies stays, sorted": (
        "https://example.com/a?story=2&id=1&utm_id=3&page=4",
        "https://example.com/a?id=1&page=4&story=2",
    ),
    "a source that may be a page": ("https://example.com/a?source=42", "https://example.com/a?source=42"),
    "case of path and values": ("https://example.com/A?V=dQw4", "https://example.com/A?V=dQw4"),
    "other port": ("https://example.com:8443/a", "https://example.com:8443/a"),
    "home": ("https://www.example.com", "https://example.com/"),
    "Cyrillic path": ("https://example.com/п", "https://example.com/%D0%BF"),
    "Cyrillic path, encoded": ("https://example.com/%d0%bf", "https://example.com/%D0%BF"),
    "Cyrillic host": ("https://новости.example.com/a", "https://xn--b1amnebsh.example.com/a"),
    "encoded slash is no slash": ("https://example.com/a%2fb", "https://example.com/a%2Fb"),
    "stray percent": ("https://example.com/100%", "https://example.com/100%25"),
    "space": ("https://example.com/a b", "https://example.com/a%20b"),
    "a domain that begins like an edition": ("https://m.me/a", "https://m.me/a"),
    "another one": ("https://amp.dev/a", "https://amp.dev/a"),
    "a section that is called amp": ("https://example.com/amp", "https://example.com/amp"),
    "address": ("http://192.0.2.1/a", "https://192.0.2.1/a"),
    "IPv6 address": ("http://[2001:db8::1]:80/a", "https://[2001:db8::1]/a"),
    "no web address": ("ftp://example.com/a", ""),
    "script": ("javascript:alert(1)", ""),
    "no address": ("tag:example.com,2025:1", ""),
    "relative": ("/a", ""),
    "no host": ("https:///a", ""),
    "backslash": ("https://example.com\\@192.0.2.1/", ""),
    "control character": ("https://exam\tple.com/", ""),
    "bad port": ("https://example.com:99999/", ""),
    "bad IPv6 address": ("https://[::1/", ""),
    "label that is too long": ("https://" + "ü" * 64 + ".example.com/", ""),
    "too long": ("https://example.com/" + "a" * URL_CHARS_MAX, ""),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("url", "form"), CANONICAL.values(), ids=CANONICAL)
def test_canonical(url: str, form: str) -> None:
    assert canonical(url) == form


@given(st.text(alphabet="ab%2Ff&=?/;.#+ пamp:@", max_size=40))
@settings(deadline=None, derandomize=True, max_examples=400)
def test_the_canonical_form_is_its_own(tail: str) -> None:
    form = canonical("https://news.example.com/" + tail)
    assert canonical(form) == form


HOME = {
    "bare": ("https://www.example.com", True),
    "slash and tracking": ("https://example.com/?utm_source=rss#top", True),
    "index": ("https://example.com/index.php", True),
    "a page by parameter": ("https://example.com/?p=12", False),
    "a page": ("https://example.com/world", False),
    "an index below": ("https://example.com/world/index.html", False),
    "no link": ("", False),
}


@pytest.mark.parametrize(("url", "home"), HOME.values(), ids=HOME)
def test_is_home_page(url: str, home: bool) -> None:
    assert is_home_page(canonical(url)) is home


DOMAINS = {
    "plain": ("https://example.com/a", "example.com"),
    "below": ("https://world.news.example.com/a", "example.com"),
    "suffix of two labels": ("https://www.bbc.co.uk/news", "bbc.co.uk"),
    "pages of many people": ("https://desk.github.io/a", "desk.github.io"),
    "capitals and dot": ("https://News.EXAMPLE.com./a", "example.com"),
    "other script": ("https://www.новости.рф/a", "xn--b1amnebsh.xn--p1ai"),
    "address": ("https://192.0.2.1/a", ""),
    "one label": ("https://localhost/a", ""),
    "bare suffix": ("https://co.uk/a", ""),
    "no web address": ("mailto:desk@example.com", ""),
    "broken": ("https://[::1/", ""),
}


@pytest.mark.parametrize(("url", "domain"), DOMAINS.values(), ids=DOMAINS)
def test_registrable_domain(url: str, domain: str) -> None:
    assert registrable_domain(url) == domain


BASE = "https://example.com/feeds/world.xml"
ABSOLUTE = {
    "absolute": ("https://other.example/a?b=1#c", "https://other.example/a?b=1#c"),
    "root": ("/a", "https://example.com/a"),
    "folder": ("a", "https://example.com/feeds/a"),
    "host": ("//other.example/a", "https://other.example/a"),
    "white space": ("\n https://other.example/a \n", "https://other.example/a"),
    "space": ("https://other.example/a b", "https://other.example/a%20b"),
    "quotes and brackets": ('https://other.example/"><b>', "https://other.example/%22%3E%3Cb%3E"),
    "user": ("https://bank.example@other.example/", "https://other.example/"),
    "other script stays readable": ("https://other.example/п", "https://other.example/п"),
    "script": ("javascript:alert(1)", ""),
    "data": ("data:text/html,x", ""),
    "file": ("file:///etc/passwd", ""),
    "backslash": ("https://other.example\\@192.0.2.1/", ""),
    "line break": ("https://other.example/a\r\nX: y", ""),
    "direction": ("https://other.example/\u202egpj", ""),
    "too long": ("https://other.example/" + "a" * URL_CHARS_MAX, ""),
    "bad port": ("https://other.example:port/", ""),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("link", "url"), ABSOLUTE.values(), ids=ABSOLUTE)
def test_absolute(link: str, url: str) -> None:
    assert absolute(link, BASE) == url


def test_a_relative_link_without_a_base_is_none() -> None:
    assert absolute("/a", "") == ""


SHOWN = {
    "plain": ("https://a.example/rss", "https://a.example/rss"),
    "a key in the query": ("https://a.example/rss?key=s3cret", "https://a.example/rss?…"),
    "a key in the fragment": ("https://a.example:8443/rss#s3cret", "https://a.example:8443/rss"),
    "a user": ("https://u:s3cret@a.example/", "https://a.example/"),
}


@pytest.mark.parametrize(("url", "expected"), SHOWN.values(), ids=SHOWN)
def test_shown(url: str, expected: str) -> None:
    assert shown(url) == expected
