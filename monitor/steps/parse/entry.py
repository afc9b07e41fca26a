"""entry: one entry in the words of its format in, an Item out: plain, bounded, its links absolute, its date in UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitor.model.item import Item
from monitor.steps.parse import dates
from monitor.steps.parse.complaints import Complaints
from monitor.text.html import one_line, plain, shorten
from monitor.text.urls import absolute

ENTRIES_MAX = 5_000  # of a document
GUID_CHARS_MAX = 2000
TITLE_CHARS_MAX = 1000
SUMMARY_CHARS_MAX = 600
BODY_CHARS_MAX = 64 * 2**10
AUTHOR_CHARS_MAX = 300
CATEGORY_CHARS_MAX = 200
CATEGORIES_MAX = 50
LANG_CHARS_MAX = 35  # RFC 5646, section 4.4.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a format says of an entry, as it says it: any of it may be missing, markup or hostile."""

    guid: str = ""
    links: tuple[str, ...] = ()  # the best first
    title: str = ""
    summary: str = ""
    content: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()  # the best first
    lang: str = ""
    source_title: str = ""
    source_url: str = ""


def normalise(entry: Entry, *, base: str, lang: str, now: datetime, complaints: Complaints) -> Item:
    """`base` is the URL of the document, `lang` its language."""
    summary, body = _texts(entry)
    item = Item(
        guid=one_line(entry.guid, GUID_CHARS_MAX),
        link=_link(entry.links, base, complaints),
        title=plain(entry.title, TITLE_CHARS_MAX),
        summary=summary,
        body=body,
        author=plain(", ".join(_unique(entry.authors)), AUTHOR_CHARS_MAX),
        categories=_categories(entry.categories),
        published=_published(entry.dates, now, complaints),
        lang=language(entry.lang) or lang,
        source_title=plain(entry.source_title, TITLE_CHARS_MAX),
        source_url=absolute(entry.source_url, base),
    )
    if not (item.title or item.summary):
        complaints.add("an entry without title and text", item.link or item.guid)
    return item


def language(tag: str) -> str:
    """A language tag (BCP 47) in lower case, '' for what is none."""
    tag = tag.strip().replace("_", "-").lower()
    return tag if tag.isascii() and tag.replace("-", "").isalnum() and len(tag) <= LANG_CHARS_MAX else ""


def _texts(entry: Entry) -> tuple[str, str]:
    """The summary, and the body where it says more."""
    told, whole = plain(entry.summary, BODY_CHARS_MAX), plain(entry.content, BODY_CHARS_MAX)
    summary = shorten(told or whole, SUMMARY_CHARS_MAX)
    body = max(told, whole, key=len)
    return summary, body if len(body) > len(summary) else ""


def _link(links: Iterable[str], base: str, complaints: Complaints) -> str:
    for link in links:
        if url := absolute(link, base):
            return url
        complaints.add("a link that is no web address", link)
    return ""


def _categories(terms: Iterable[str]) -> tuple[str, ...]:
    return tuple(_unique(plain(term, CATEGORY_CHARS_MAX) for term in terms))[:CATEGORIES_MAX]


def _unique(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for word in words if word))


def _published(texts: Iterable[str], now: datetime, complaints: Complaints) -> datetime | None:
    """The first date that can be read and believed."""
    for text in texts:
        moment = dates.read(text)
        if moment is None:
            complaints.add("a date that cannot be read", text)
        elif not dates.plausible(moment, now):
            complaints.add("a date that cannot be", text)
        else:
            return moment
    return None
