"""json_feed: the text of a JSON Feed (1.0 or 1.1, jsonfeed.org) in, Parsed out. One broken item costs itself only."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from monitor.model.item import Parsed, ParseFailure
from monitor.steps.parse.complaints import Complaints
from monitor.steps.parse.entry import ENTRIES_MAX, TITLE_CHARS_MAX, Entry, language, normalise
from monitor.text.html import plain
from monitor.text.urls import absolute

_DIGITS_MAX = 1_000
_KINDS = {"1": "json10", "1.0": "json10", "1.1": "json11"}


def _as_text(value: object) -> object:
    """Numbers stand for texts in many feeds (`"id": 7`), null for nothing."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _as_list(value: object) -> object:
    return [] if value is None else value


Text = Annotated[str, BeforeValidator(_as_text)]


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Author(_Read):
    name: Text = ""


class _Item(_Read):
    id: Text = ""
    url: Text = ""
    external_url: Text = ""
    title: Text = ""
    summary: Text = ""
    content_text: Text = ""
    content_html: Text = ""
    date_published: Text = ""
    date_modified: Text = ""
    language: Text = ""
    author: _Author | None = None  # 1.0
    authors: Annotated[list[_Author], BeforeValidator(_as_list)] = []
    tags: Annotated[list[Text], BeforeValidator(_as_list)] = []


class _Feed(_Read):
    version: Text = ""
    title: Text = ""
    home_page_url: Text = ""
    language: Text = ""
    items: list[Any]


def read_json_feed(text: str, *, base: str, now: datetime, complaints: Complaints) -> Parsed | ParseFailure:
    """`base` is the URL of the document."""
    try:
        feed = _Feed.model_validate(_loads(text, complaints))
    except RecursionError:
        return ParseFailure(detail="JSON, nested too deeply")
    except ValidationError:
        return ParseFailure(detail="JSON, but not a JSON Feed: it has no list of items")
    except ValueError as error:
        return ParseFailure(detail=f"broken JSON: {error}"[:200])
    protocol, _, version = feed.version.rpartition("/")
    if "jsonfeed.org" not in protocol:
        return ParseFailure(detail="JSON, but not a JSON Feed: its version says otherwise")
    lang = language(feed.language)
    entries = _entries(feed.items[:ENTRIES_MAX], complaints)
    return Parsed(
        kind=_KINDS.get(version, "json"),
        title=plain(feed.title, TITLE_CHARS_MAX),
        link=absolute(feed.home_page_url, base),
        lang=lang,
        items=tuple(normalise(entry, base=base, lang=lang, now=now, complaints=complaints) for entry in entries),
        truncated=max(0, len(feed.items) - ENTRIES_MAX),
        complaints=complaints.words(),
    )


def _loads(text: str, complaints: Complaints) -> object:
    """As lenient as the standard library, but counted: NaN is nothing, of two equal keys the last holds."""

    def pairs(found: list[tuple[str, object]]) -> dict[str, object]:
        values = dict(found)
        if len(values) < len(found):
            complaints.add("a key that occurs twice in one object")
        return values

    def constant(name: str) -> None:
        complaints.add("a number that is none", name)

    def integer(digits: str) -> int | str:
        return int(digits) if len(digits) <= _DIGITS_MAX else digits

    return json.loads(text, strict=False, object_pairs_hook=pairs, parse_constant=constant, parse_int=integer)


def _entries(raw_items: Iterable[object], complaints: Complaints) -> Iterator[Entry]:
    for raw in raw_items:
        try:
            item = _Item.model_validate(raw)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            complaints.add("an item left out", f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}")
            continue
        yield _entry(item)


def _entry(item: _Item) -> Entry:
    authors = item.authors or ([item.author] if item.author else [])
    return Entry(
        guid=item.id,
        links=tuple(link for link in (item.url, item.external_url, _link_in(item.id)) if link),
        title=item.title,
        summary=item.summary,
        content=item.content_html or item.content_text,
        authors=tuple(author.name for author in authors),
        categories=tuple(item.tags),
        dates=tuple(date for date in (item.date_published, item.date_modified) if date),
        lang=item.language,
    )


def _link_in(identity: str) -> str:
    """An id that is a full URL is the permanent link of its item."""
    return identity if identity.startswith(("http://", "https://")) else ""
