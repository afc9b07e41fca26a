"""links: the markup or the headers of a page in, the addresses of the feeds that it may have out; in bounded time, whatever the page is.

Follows RSS autodiscovery (rssboard.org/rss-autodiscovery): `<link rel="alternate" type="application/rss+xml">`, and RFC 8288 for headers.
"""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from itertools import islice
from urllib.parse import urlsplit

from monitor.text.urls import absolute, registrable_domain

PAGE_CHARS_MAX = 2 * 2**20
TAGS_MAX = 20_000  # of a page
TAG_CHARS_MAX = 4_096
COMMON_PLACES = ("/feed", "/rss", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml")

_FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "text/xml",
        "application/xml",
    }
)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<(link|a|base)(?=[\s/])", re.IGNORECASE)
_TAG_END = re.compile(r"""(?:[^>"'=]|=\s*(?:"[^"]*"|'[^']*')?|["'])*+>""")
_ATTRIBUTE = re.compile(r"""([a-z-]{1,20})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE)
_HEADER_LINK = re.compile(r"<([^<>]{1,2083})>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:\"[^\"]{0,300}\"|[^\s\",;]{1,300}))?)*+)")
_LIKE_A_FEED = re.compile(
    r"(?:^|/)(?:feeds?|rss|atom)(?:[/._-]|$)|[/._-](?:rss|atom|feed)(?:[./]|$)|\.(?:rss|atom|rdf)$", re.IGNORECASE
)
_ASKS_FOR_A_FEED = re.compile(r"(?:^|&)(?:format|feed|output|type|alt)=(?:rss|atom|json|feed|rss2)", re.IGNORECASE)


def named(page: str, url: str) -> list[str]:
    """The feeds that a page names in its head."""
    base, tags = _read(page, url)
    wanted = (
        attributes.get("href", "")
        for name, attributes in tags
        if name == "link"
        and {"alternate", "feed"} & set(attributes.get("rel", "").lower().split())
        and ("feed" in attributes.get("rel", "").lower().split() or _type(attributes.get("type", "")) in _FEED_TYPES)
    )
    return _unique(wanted, base, url)


def in_headers(values: Iterable[str], url: str) -> list[str]:
    """The feeds that `Link` headers name."""
    found = []
    for value in values:
        for target, parameters in _HEADER_LINK.findall(value[:16_384]):
            text = parameters.lower().replace('"', "")
            named_types = re.findall(r"type\s*=\s*([^\s;]+)", text)
            if re.search(r"rel\s*=\s*[^;]*\balternate\b", text) and _FEED_TYPES & set(named_types):
                found.append(target)
    return _unique(found, url, url)


def linked(page: str, url: str) -> list[str]:
    """Links of a page that look like feeds of the same publisher."""
    base, tags = _read(page, url)
    home = registrable_domain(url)
    found = _unique((attributes.get("href", "") for name, attributes in tags if name == "a"), base, url)
    return [each for each in found if registrable_domain(each) == home and _looks_like_a_feed(each)]


def common_places(url: str) -> list[str]:
    """Where many sites have their feed."""
    return _unique(COMMON_PLACES, url, url)


def _looks_like_a_feed(url: str) -> bool:
    parts = urlsplit(url)
    return _LIKE_A_FEED.search(parts.path) is not None or _ASKS_FOR_A_FEED.search(parts.query) is not None


def _read(page: str, url: str) -> tuple[str, list[tuple[str, dict[str, str]]]]:
    """The base of the page's links, and its tags with their attributes."""
    text = _COMMENT.sub(" ", page[:PAGE_CHARS_MAX])
    tags = list(_tags(text))
    base = next((absolute(attributes.get("href", ""), url) for name, attributes in tags if name == "base"), "")
    return base or url, tags


def _tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    for found in islice(_TAG.finditer(text), TAGS_MAX):
        rest = text[found.end() : found.end() + TAG_CHARS_MAX]
        end = _TAG_END.match(rest)
        attributes = _ATTRIBUTE.findall(end[0] if end else "")
        yield found[1].lower(), {name.lower(): unescape(a or b or c) for name, a, b, c in reversed(attributes)}


def _type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _unique(links: Iterable[str], base: str, page: str) -> list[str]:
    """As absolute URLs without fragment, each once, the page itself left out."""
    found = (absolute(link, base).partition("#")[0] for link in links)
    return [link for link in dict.fromkeys(found) if link and link != page]
