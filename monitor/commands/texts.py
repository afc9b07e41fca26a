"""texts: a JSONL file of news in; the Item of each line with where it comes from, or what is wrong with the line, out.

A line is an object with a `title`, a `summary` or a `body`, and perhaps `link`, `published`, `lang`, `feed`, `publisher` and
`topics`; other keys are ignored, null is as good as missing. Markup, lengths and dates are read as those of a feed's entry.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from monitor.model.feed import Feed
from monitor.model.item import Item, Origin
from monitor.steps.parse import dates
from monitor.steps.parse.complaints import Complaints
from monitor.steps.parse.entry import Entry, normalise
from monitor.text.html import one_line

LINE_BYTES_MAX = 2**20
NAME_CHARS_MAX = 2_083  # of a feed, which may be its URL, and of a publisher
SUFFIXES = frozenset({".jsonl", ".ndjson"})

_TEXTS = ("title", "summary", "body", "link", "published", "lang", "feed", "publisher")
_ANY_TIME = datetime.min.replace(tzinfo=UTC)
_JSON_WORDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line that can be read."""

    line: int
    size_bytes: int
    item: Item
    origin: Origin
    labels: tuple[str, ...] | None  # its `topics`; None where it has none


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that cannot be read; `problem` says what was expected."""

    line: int
    size_bytes: int
    problem: str


def is_texts(path: Path) -> bool:
    """Whether a file is read as JSONL rather than as a feed's document: by its name, or because it is a pipe."""
    return path.suffix.lower() in SUFFIXES or path.is_fifo()


def read_texts(file: IO[bytes], feeds: Mapping[str, Feed]) -> Iterator[Text | BadLine]:
    """Line by line, blank ones left out. `feeds`: the configured ones by id and by URL, for their tags."""
    number = 0
    while raw := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        size = len(raw)
        if size > LINE_BYTES_MAX:
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(LINE_BYTES_MAX)
                size += len(raw)
            yield BadLine(line=number, size_bytes=size, problem=f"longer than {LINE_BYTES_MAX // 2**20} MiB")
            continue
        raw = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        if raw := raw.strip():
            yield _line(raw, number, size, feeds)


def _line(raw: bytes, number: int, size: int, feeds: Mapping[str, Feed]) -> Text | BadLine:
    try:
        values = _object(raw)
        item, origin = _item(values), _origin(values, feeds)
        return Text(line=number, size_bytes=size, item=item, origin=origin, labels=_labels(values))
    except ValueError as error:
        return BadLine(line=number, size_bytes=size, problem=str(error))


def _object(raw: bytes) -> dict[str, object]:
    """The object of a line without its nulls. Raises ValueError with what was expected."""
    try:
        found = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError("expected UTF-8") from error
    except RecursionError as error:
        raise ValueError("expected a JSON object; this one is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"expected a JSON object: {error.msg} at column {error.colno}") from error
    except ValueError as error:  # Python's own guard against numbers of thousands of digits
        raise ValueError("expected a JSON object; a number in this one is too long") from error
    if not isinstance(found, dict):
        raise ValueError(f"expected a JSON object, not {_named(found)}")  # noqa: TRY004  the caller tells all of them alike
    return {name: value for name, value in found.items() if value is not None}


def _item(values: Mapping[str, object]) -> Item:
    for name in _TEXTS:
        if not isinstance(found := values.get(name, ""), str):
            raise ValueError(f"{name}: expected a text, not {_named(found)}")  # noqa: TRY004
    published = _text(values, "published")
    entry = Entry(
        links=tuple(filter(None, (_text(values, "link"),))),
        title=_text(values, "title"),
        summary=_text(values, "summary"),
        content=_text(values, "body"),
        dates=tuple(filter(None, (published,))),
        lang=_text(values, "lang"),
    )
    # An archive is read long after its day: no date of it is implausible, whatever our clock says.
    day = dates.read(published) or _ANY_TIME
    item = normalise(entry, base="", lang="", now=day, complaints=Complaints())
    if not (item.title or item.summary or item.body):
        raise ValueError("expected a title or a summary")
    return item


def _origin(values: Mapping[str, object], feeds: Mapping[str, Feed]) -> Origin:
    name, publisher = (one_line(_text(values, key), NAME_CHARS_MAX) for key in ("feed", "publisher"))
    if name in feeds:
        feed = feeds[name]
        return Origin(feed=feed.id, publisher=publisher or feed.publisher, tags=feed.tags)
    return Origin(feed=name, publisher=publisher)


def _labels(values: Mapping[str, object]) -> tuple[str, ...] | None:
    found = values.get("topics")
    if found is None:
        return None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise ValueError('topics: expected a list of topic ids, such as ["peace-talks"], or [] for none')
    return tuple(dict.fromkeys(found))


def _text(values: Mapping[str, object], name: str) -> str:
    return str(values.get(name, ""))


def _named(value: object) -> str:
    return _JSON_WORDS.get(type(value), "null")
