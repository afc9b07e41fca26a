"""past: the store, or files, in; the items that a backtest is run over, in portions that fit any memory, out."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.adapters.store import items
from monitor.commands.reading import Read
from monitor.commands.sources import read_file
from monitor.commands.texts import BadLine, Text, is_texts, read_texts
from monitor.model.feed import Feed
from monitor.model.ids import FeedId
from monitor.model.item import Item, Origin, ParseFailure, StoredItem
from monitor.ports import Parse

PAGE_ITEMS = 500  # read of the store, or of a JSONL file, in one go
AHEAD_MAX = 8  # documents that are read while earlier ones are still on their way


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An item to be judged. `at`: when it was first seen; of an item from a file, when it was published."""

    item: Item
    origin: Origin
    at: datetime | None
    stored: StoredItem | None = None  # None: it comes from a file


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Some of the items. `size` counts as `size_of` does: stored items, or bytes of files."""

    given: tuple[Given, ...] = ()
    size: int = 0
    bad_lines: tuple[str, ...] = ()  # file:line: and what was expected
    unread: str = ""  # the file that could not be read, and why


async def of_store(read: Read, since: datetime, feeds: Sequence[Feed]) -> AsyncGenerator[Portion]:
    """Everything first seen since then, oldest first. Each portion is a transaction of its own: a daemon beside is not held up."""
    tags = {feed.id: feed.tags for feed in feeds}
    last: StoredItem | None = None
    while page := read(lambda tx, last=last: items.since(tx, since, after=last, limit=PAGE_ITEMS)):  # type: ignore[misc]
        last = page[-1]
        yield Portion(given=tuple(_of_stored(stored, tags) for stored in page), size=len(page))


def _of_stored(stored: StoredItem, tags: Mapping[FeedId, tuple[str, ...]]) -> Given:
    origin = Origin(feed=stored.feed_id, publisher=stored.publisher, tags=tags.get(stored.feed_id, ()))
    return Given(item=stored.item, origin=origin, at=stored.first_seen, stored=stored)


def size_of(files: Sequence[str]) -> int:
    """The bytes of these files together, 0 for those that cannot be asked."""
    return sum(_size(file) for file in files)


def _size(file: str) -> int:
    try:
        return Path(file).stat().st_size
    except OSError:
        return 0


async def of_files(
    files: Sequence[str], parse: Parse, feeds: Sequence[Feed], since: datetime | None, now: datetime
) -> AsyncGenerator[Portion]:
    """The items of JSONL files and of feeds' documents that were published since then, or are undated."""
    named = {name: feed for feed in feeds for name in (feed.id, feed.url)}
    under_way: deque[asyncio.Task[Portion]] = deque()
    try:
        for file in files:
            if is_texts(Path(file)):
                for portion in _of_texts(file, named):
                    yield _younger(portion, since)
                continue
            under_way.append(asyncio.create_task(_of_document(file, parse, now)))
            if len(under_way) == AHEAD_MAX:
                yield _younger(await under_way.popleft(), since)
        while under_way:
            yield _younger(await under_way.popleft(), since)
    finally:
        for task in under_way:
            task.cancel()


def _younger(portion: Portion, since: datetime | None) -> Portion:
    if since is None:
        return portion
    kept = tuple(given for given in portion.given if given.at is None or given.at >= since)
    return Portion(given=kept, size=portion.size, bad_lines=portion.bad_lines, unread=portion.unread)


def _of_texts(file: str, feeds: Mapping[str, Feed]) -> Iterator[Portion]:
    try:
        with Path(file).open("rb") as opened:
            lines: list[Text | BadLine] = []
            for line in read_texts(opened, feeds):
                lines.append(line)
                if len(lines) == PAGE_ITEMS:
                    yield _of_lines(file, lines)
                    lines = []
            yield _of_lines(file, lines)
    except OSError as error:
        yield Portion(unread=f"{file}: {error.strerror or error}")


def _of_lines(file: str, lines: Sequence[Text | BadLine]) -> Portion:
    texts = [line for line in lines if isinstance(line, Text)]
    return Portion(
        given=tuple(Given(item=text.item, origin=text.origin, at=text.item.published) for text in texts),
        size=sum(line.size_bytes for line in lines),
        bad_lines=tuple(f"{file}:{line.line}: {line.problem}" for line in lines if isinstance(line, BadLine)),
    )


async def _of_document(file: str, parse: Parse, now: datetime) -> Portion:
    document = await asyncio.to_thread(read_file, Path(file))
    if isinstance(document, str):
        return Portion(unread=f"{file}: {document}", size=_size(file))
    parsed = await parse.parse(document, now)
    if isinstance(parsed, ParseFailure):
        return Portion(unread=f"{file}: {parsed.detail}", size=len(document.body))
    return Portion(
        given=tuple(
            Given(item=item, origin=Origin(publisher=item.source_title or parsed.title), at=item.published)
            for item in parsed.items
        ),
        size=len(document.body),
    )
