"""try: files, folders and URLs in; what each would bring, and which of it would alert and why, out. Nothing is stored or sent."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from monitor.commands.sources import is_url, read_file
from monitor.model.feed import Feed
from monitor.model.ids import FeedId
from monitor.model.item import Item, Origin, ParseFailure
from monitor.model.poll import Document, FetchFailure, Validators
from monitor.model.topic import Match
from monitor.ports import Fetch, Parse
from monitor.steps.dedupe import publisher_of, with_lang
from monitor.steps.fetch import request_for
from monitor.steps.match import Topics, match

AHEAD_MAX = 8  # sources that are read while earlier ones are still on their way
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of a source with the matches that it would make."""

    item: Item
    publisher: str
    origin: Origin
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What one source brings; `problem` says why it brings nothing."""

    source: str
    title: str = ""
    entries: tuple[Entry, ...] = ()
    truncated: int = 0
    complaints: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What sources are tried with. `feeds`: the configured ones by URL, for their publishers and what they may dial."""

    fetch: Fetch
    parse: Parse
    topics: Topics
    feeds: Mapping[str, Feed]
    allow_private: tuple[str, ...]
    now: datetime


async def try_all(sources: Sequence[str], bench: Bench) -> AsyncGenerator[Tried]:
    """Try each source; the answers come in the order of the sources."""
    under_way: deque[asyncio.Task[Tried]] = deque()
    try:
        for source in sources:
            under_way.append(asyncio.create_task(try_one(source, bench)))
            if len(under_way) == AHEAD_MAX:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()


async def try_one(source: str, bench: Bench) -> Tried:
    """Read, parse and match one source."""
    feed = _feed(source, bench)
    document = await _fetched(feed, bench) if is_url(source) else await asyncio.to_thread(read_file, Path(source))
    if isinstance(document, str):
        return Tried(source=source, problem=document)
    parsed = await bench.parse.parse(document, bench.now)
    if isinstance(parsed, ParseFailure):
        return Tried(source=source, problem=parsed.detail)
    return Tried(
        source=source,
        title=parsed.title,
        entries=tuple(_entry(with_lang(feed, item), feed, parsed.title, bench) for item in parsed.items),
        truncated=parsed.truncated,
        complaints=parsed.complaints,
    )


def _entry(item: Item, feed: Feed, title: str, bench: Bench) -> Entry:
    """An entry as a poll of that feed would see it. A feed that nobody configured is known by the title of its document alone."""
    publisher = publisher_of(feed, item) or title
    known = feed.url in bench.feeds
    origin = Origin(feed=feed.id if known else "", publisher=publisher, tags=feed.tags)
    return Entry(item=item, publisher=publisher, origin=origin, matches=match(item, bench.topics, origin))


def _feed(source: str, bench: Bench) -> Feed:
    """The feed of that URL as configured; for any other source one that nobody configured."""
    known = bench.feeds.get(source) or Feed(id=FeedId("try"), url=source, publisher="")
    return replace(known, allow_private=(*known.allow_private, *bench.allow_private))


async def _fetched(feed: Feed, bench: Bench) -> Document | str:
    """The document at a URL, or why there is none."""
    answer = await bench.fetch.fetch(request_for(feed, Validators()))
    if isinstance(answer, FetchFailure):
        return answer.detail
    if answer.status != _OK:
        return f"{answer.status} {answer.reason}".rstrip()
    return Document(body=answer.body, content_type=answer.header("content-type") or "", url=answer.url)
