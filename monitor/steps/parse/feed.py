"""feed: the text of an RSS, RDF or Atom document in, Parsed out. The only room that knows feedparser.

feedparser reads what no strict parser would, so it reads everything here; but its sanitising and its resolving of links
in HTML are off (we keep text, not HTML), and its dates are read anew (it takes CET for UTC and knows no German months).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from html import unescape
from itertools import compress
from typing import Any
from xml.sax import SAXParseException, SAXReaderNotAvailable

import feedparser

from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Trim, Trimmed
from monitor.steps.parse import hints
from monitor.steps.parse.complaints import Complaints
from monitor.steps.parse.detect import describe, is_bomb
from monitor.steps.parse.entry import ENTRIES_MAX, TITLE_CHARS_MAX, Entry, language, normalise
from monitor.steps.parse.strict import read_strict
from monitor.text.html import plain
from monitor.text.urls import absolute

_ENTRY_END = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_PERMALINK = re.compile(r"<(?:[\w.-]+:)?(?:guid|id)\b[^>]*>\s*(?:<!\[CDATA\[\s*)?(https?://[^\s<\]]+)", re.IGNORECASE)
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_CODE_POINT_MAX = 0x10FFFF
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})


def read_feed(
    text: str, *, base: str, now: datetime, complaints: Complaints, seen: frozenset[bytes], trim: Trim | None
) -> Parsed | ParseFailure:
    """`base` is the URL of the document. `trim` leaves out what was `seen`; where it cannot, the document is read whole."""
    if is_bomb(text):
        return ParseFailure(detail="its DOCTYPE declares entities that expand or lead elsewhere: refused")
    text = _valid_references(text)
    if trim is not None and (trimmed := trim(text, seen, base, ENTRIES_MAX)) is not None:
        known = Parsed(
            kind=trimmed.kind, truncated=trimmed.beyond, trimmed=trimmed.left_out, entry_hashes=trimmed.hashes
        )
        if not trimmed.body:
            return replace(known, complaints=complaints.words())
        document = _parse(read_strict, trimmed.body, base)
        if not isinstance(document, ParseFailure) and _as_trimmed(document, trimmed):
            entries = list(compress(document["entries"], trimmed.listed))
            return _parsed(document, entries, known, text=text, base=base, now=now, complaints=complaints)
    whole, beyond = _first_entries(text)
    document = _parse(_read_any, whole.encode(errors="replace"), base)
    if isinstance(document, ParseFailure):
        return document
    entries = document["entries"]
    if not document["version"] and not entries:
        return ParseFailure(detail=describe(text))
    known = Parsed(kind="xml", truncated=beyond + max(0, len(entries) - ENTRIES_MAX))
    return _parsed(document, entries[:ENTRIES_MAX], known, text=text, base=base, now=now, complaints=complaints)


def _as_trimmed(document: Any, trimmed: Trimmed) -> bool:
    """Whether feedparser found what trim had left, and nothing to complain about."""
    return bool(document["version"]) and not document["bozo"] and len(document["entries"]) == len(trimmed.listed)


def _parsed(
    document: Any, entries: list[Any], known: Parsed, *, text: str, base: str, now: datetime, complaints: Complaints
) -> Parsed:
    """What feedparser found, in our words, added to what is known of the document. `text` is all of it: what was left out, too."""
    if document["bozo"]:
        complaints.add("broken XML", _reason(document["bozo_exception"]))
    feed = document["feed"]
    lang = language(_text(feed, "language"))
    by_id = any(_text(raw, "link") == _text(raw, "id") for raw in entries)
    permalinks = frozenset(map(unescape, _PERMALINK.findall(text)) if by_id else ())
    items = tuple(
        normalise(_entry(raw, permalinks), base=base, lang=lang, now=now, complaints=complaints) for raw in entries
    )
    return replace(
        known,
        kind=document["version"] or known.kind,
        title=plain(_text(feed, "title"), TITLE_CHARS_MAX),
        link=absolute(_text(feed, "link"), base),
        lang=lang,
        ttl_minutes=hints.ttl_minutes(_text(feed, "ttl")),
        update_every=hints.update_every(_text(feed, "sy_updateperiod"), _text(feed, "sy_updatefrequency")),
        skip=hints.skip(text),
        items=items,
        complaints=complaints.words(),
    )


def _parse(read: Callable[[bytes, str], Any], data: bytes, base: str) -> Any:
    """What feedparser makes of it, or a ParseFailure: what hostile bytes raise inside of it is no closed set."""
    try:
        return read(data, base)
    except (MemoryError, SAXReaderNotAvailable):
        raise
    except Exception as error:  # noqa: BLE001
        return ParseFailure(detail=f"feedparser gave up: {type(error).__name__}: {error}"[:200])


def _read_any(data: bytes, base: str) -> Any:
    """Always bytes with their encoding and a base: a string would be opened, and without a base an entry's xml:base
    leaks into its siblings.
    """
    return feedparser.parse(
        data,
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": base},
        resolve_relative_uris=False,
        sanitize_html=False,
    )


def _first_entries(text: str) -> tuple[str, int]:
    """The document without the entries beyond the limit, and how many those are: feedparser needs 17 s for 100,000."""
    ends = [found.end() for found in _ENTRY_END.finditer(text)]
    if len(ends) <= ENTRIES_MAX:
        return text, 0
    return text[: ends[ENTRIES_MAX - 1]] + text[ends[-1] :], len(ends) - ENTRIES_MAX


def _valid_references(text: str) -> str:
    """One reference to no character makes both of feedparser's parsers give up the whole document."""
    return _REFERENCE.sub(_valid_reference, text)


def _valid_reference(reference: re.Match[str]) -> str:
    hexadecimal, decimal = reference.groups()
    digits = (hexadecimal or decimal).lstrip("0") or "0"
    if len(digits) > len("1114111"):
        return "\ufffd"
    code = int(digits, 16 if hexadecimal else 10)
    is_character = code in {0x9, 0xA, 0xD} or 0x20 <= code < 0xD800 or 0xE000 <= code <= _CODE_POINT_MAX  # noqa: PLR2004
    return reference[0] if is_character and code not in {0xFFFE, 0xFFFF} else "\ufffd"


def _entry(raw: Any, permalinks: frozenset[str]) -> Entry:
    source = dict.get(raw, "source") or {}
    return Entry(
        guid=_text(raw, "id"),
        links=tuple(dict.fromkeys(_links(raw, permalinks))),
        title=_text(raw, "title"),
        summary=_text(raw, "summary"),
        content=max((_text(part, "value") for part in dict.get(raw, "content") or ()), key=len, default=""),
        authors=_authors(raw),
        categories=tuple(_text(tag, "label") or _text(tag, "term") for tag in dict.get(raw, "tags") or ()),
        dates=tuple(dict.fromkeys(filter(None, (_text(raw, name) for name in ("published", "updated", "created"))))),
        lang=_text(raw, "language") or _text(dict.get(raw, "title_detail") or {}, "language"),
        source_title=_text(source, "title"),
        source_url=_text(source, "href") or _text(source, "link"),
    )


def _authors(raw: Any) -> tuple[str, ...]:
    """Names, an address only where there is none.

    feedparser cuts `jane@news.media (Jane)` in the middle of the address: it knows no domain longer than four letters.
    """
    people = dict.get(raw, "authors") or [{}]
    names = [_text(person, "name") for person in people]
    author = _text(raw, "author")
    if "@" in author and author != f"{names[-1]} ({_text(people[-1], 'email')})":
        names[-1] = " ".join(word for word in author.split() if "@" not in word).strip("()")
    return tuple(names) if any(names) else (author,)


def _links(raw: Any, permalinks: frozenset[str]) -> Iterator[str]:
    """The entry's own page first; else an id that is written as a full URL.

    feedparser makes a link of any permanent guid, resolved: from `<guid>12345</guid>` one that leads nowhere, and that
    another feed of the same host may well have too.
    """
    alternates = [
        link for link in dict.get(raw, "links") or () if _text(link, "rel") == "alternate" and _text(link, "href")
    ]
    yield from (_text(link, "href") for link in alternates if _text(link, "type") in _HTML_TYPES)
    yield from (_text(link, "href") for link in alternates)
    link = _text(raw, "link")
    if link and (link != _text(raw, "id") or link in permalinks):
        yield link


def _text(values: Any, name: str) -> str:
    """A value if it is a text. Past FeedParserDict's own `get`, which answers with other fields and warns."""
    value = dict.get(values, name)
    return value if isinstance(value, str) else ""


def _reason(error: Exception) -> str:
    return (
        f"{error.getMessage()} in line {error.getLineNumber()}" if isinstance(error, SAXParseException) else str(error)
    )
