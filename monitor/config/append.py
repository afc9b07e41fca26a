"""append: the text of feeds.yaml and new feeds in, the text with their entries at the end of the list out; comments and style stay.

Nothing is read and written anew: lines are added below those of the last feed, in the style of its entry. Whether the result means
what it should is for the caller to ask, by loading it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import yaml

from monitor.config.units import spell_duration
from monitor.model.feed import Feed, FirstPoll
from monitor.model.ids import FeedId

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_WORDS = frozenset(
    {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
)  # some reader takes them for something else
_PLAIN = re.compile(r"[A-Za-z](?:[\w ./()-]*[\w./)])?", re.ASCII)
_PLAIN_NETWORK = re.compile(r"\d+\.\d+\.\d+\.\d+(?:/\d+)?", re.ASCII)
_PLAIN_URL = re.compile(r"https?://[\w./:?=&%~+;@-]*[\w/=-]", re.ASCII)


class NotAppendable(Exception):  # noqa: N818  it is an answer, and is read as one
    """The list is written in a way to which nothing can be added safely. Its text says how, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the list ends, in lines from 0, and how its entries are written."""

    line: int  # new entries stand before it
    dash: int  # the column of `-`
    gap: int = 1  # spaces after it
    flow: bool = False  # `- {id: …}`
    spaced: bool = False  # an empty line between entries


def append(text: str, feeds: Sequence[Feed]) -> str:
    """Raises NotAppendable. The text is one that was loaded: well-formed, with a `feeds` list."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = _LINE.findall(text.removeprefix(mark))
    place, lines = _place(lines)
    if place.line and not lines[place.line - 1].endswith(("\n", "\r")):
        lines[place.line - 1] += newline
    added = [line + newline for feed in feeds for line in ([""] if place.spaced else []) + list(_entry(feed, place))]
    return mark + "".join([*lines[: place.line], *added, *lines[place.line :]])


def as_yaml(feeds: Sequence[Feed]) -> str:
    """The entries as they could stand in a feeds.yaml."""
    return "".join(line + "\n" for feed in feeds for line in _entry(feed, _Place(line=0, dash=2)))


def _place(lines: list[str]) -> tuple[_Place, list[str]]:
    """Where to add, and the lines, changed only where `feeds: []` becomes the head of a block."""
    root = yaml.compose("".join(lines), Loader=_LOADER)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise NotAppendable("the whole file is written in braces")
    key, value = next((pair for pair in root.value if pair[0].value == "feeds"), (None, None))
    if key is None or not isinstance(value, yaml.SequenceNode) or value.start_mark.line < key.start_mark.line:
        raise NotAppendable("its `feeds` are no list of their own")
    if value.flow_style:
        return _opened(lines, key, value)
    last, dash = value.value[-1], value.start_mark.column
    if (
        lines[last.start_mark.line][dash : last.start_mark.column].strip() != "-"
        or last.start_mark.line < value.start_mark.line
    ):
        raise NotAppendable("the last feed of the list is an alias")
    line = _last_line(last) + 1
    while not lines[line - 1].strip():
        line -= 1  # a text in block style ends where the next thing begins
    while line < len(lines) and _belongs(lines[line], dash):
        line += 1
    return _Place(
        line=line,
        dash=dash,
        gap=max(1, last.start_mark.column - dash - 1),
        flow=bool(last.flow_style),
        spaced=len(value.value) > 1 and not lines[last.start_mark.line - 1].strip(),
    ), lines


def _opened(lines: list[str], key: yaml.Node, value: yaml.SequenceNode) -> tuple[_Place, list[str]]:
    """`feeds: []` as the head of a block. Raises NotAppendable for a list in brackets that holds something."""
    begin, end = value.start_mark, value.end_mark
    if value.value:
        raise NotAppendable("the list is written in brackets")
    if begin.line != end.line or key.start_mark.line != begin.line:
        raise NotAppendable("the empty list is written on lines of its own")
    number = begin.line
    line = lines[number]
    opened = line[: begin.column].rstrip() + line[end.column :]
    return _Place(line=number + 1, dash=2), [*lines[:number], opened, *lines[number + 1 :]]


def _last_line(node: yaml.Node) -> int:
    """The last line that is written of a value, from 0. (A block's own end is where the next thing begins, comments passed over.)"""
    inside: list[yaml.Node] = []
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        for each in node.value:
            inside += each if isinstance(each, tuple) else [each]
    end = node.end_mark
    return max(map(_last_line, inside)) if inside else int(end.line if end.column else end.line - 1)


def _belongs(line: str, dash: int) -> bool:
    """Whether that line is a comment inside the list."""
    indent = len(line) - len(line.lstrip(" "))
    return line.lstrip(" ").startswith("#") and (indent > dash or indent == dash > 0)


def _entry(feed: Feed, place: _Place) -> Iterator[str]:
    pairs = [f"{key}: {value}" for key, value in _values(feed)]
    head = " " * place.dash + "-" + " " * place.gap
    if place.flow:
        yield f"{head}{{{', '.join(pairs)}}}"
        return
    yield head + pairs[0]
    yield from (" " * len(head) + pair for pair in pairs[1:])


def _values(feed: Feed) -> Iterator[tuple[str, str]]:
    """What a feed says that the defaults do not."""
    yield "id", _scalar(feed.id)
    yield "url", json.dumps(feed.written, ensure_ascii=False) if feed.written else _scalar(feed.url)
    yield "publisher", _scalar(feed.publisher)
    if feed.title:
        yield "title", _scalar(feed.title)
    if feed.lang:
        yield "lang", _scalar(feed.lang)
    if feed.tags:
        yield "tags", _list(feed.tags)
    if feed.interval is not None:
        yield "interval", spell_duration(feed.interval)
    if feed.min_interval != _BARE.min_interval:
        yield "min_interval", spell_duration(feed.min_interval)
    if feed.timeout != _BARE.timeout:
        yield "timeout", spell_duration(feed.timeout)
    if feed.first_poll is FirstPoll.RECENT:
        yield "first_poll", f"{{recent: {spell_duration(feed.first_poll_recent)}}}"
    elif feed.first_poll is not _BARE.first_poll:
        yield "first_poll", feed.first_poll.value
    if feed.aggregator:
        yield "aggregator", "true"
    if feed.allow_private:
        yield "allow_private", _list(network.removesuffix("/32") for network in feed.allow_private)


def spelled(feed: Feed) -> str:
    """The URL as a feeds.yaml spells it: variables by name, and the characters `${` so that they name none."""
    return feed.written or feed.url.replace("${", "$${")


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(_scalar(text) for text in texts)}]"


def _scalar(text: str) -> str:
    """Bare where every reader takes it for that text, also within brackets; else in quotes."""
    bare = (
        _PLAIN_URL.fullmatch(text)
        or _PLAIN_NETWORK.fullmatch(text)
        or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS)
    )
    return text if bare else json.dumps(text.replace("${", "$${"), ensure_ascii=False)


_BARE = Feed(id=FeedId(""), url="", publisher="")
