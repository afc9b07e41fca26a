"""doctor: feeds in; each asked twice by the daemon's own path, and what is to be said of it, out. Nothing is stored."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from monitor.commands.feeds.signs import Finding, Visit, Weight, findings
from monitor.model.feed import Feed, FeedState
from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Document, FetchFailure, Response
from monitor.ports import Clock, Fetch, Parse
from monitor.steps.fetch import judge, request_for

ASKED_MAX = 8  # hosts at the same time; one feed of each
_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A feed with what its answers showed, and what is to be said of them, worst first."""

    visit: Visit
    findings: tuple[Finding, ...]

    @property
    def readable(self) -> bool:
        return all(finding.weight is not Weight.PROBLEM for finding in self.findings)


async def check_all(
    feeds: Sequence[Feed], fetch: Fetch, parse: Parse, clock: Clock, done: Callable[[Feed], None] = lambda _: None
) -> AsyncGenerator[Checked]:
    """Check each feed, never two of one host at once; the answers come in the order of the feeds. `done` hears of each as it ends."""
    slots = asyncio.Semaphore(ASKED_MAX)
    hosts: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def one(feed: Feed) -> Checked:
        async with hosts[urlsplit(feed.url).hostname or ""], slots:
            visited = await visit(feed, fetch, parse, clock)
        done(feed)
        return Checked(visit=visited, findings=tuple(findings(visited, clock.now())))

    tasks = [asyncio.create_task(one(feed)) for feed in feeds]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()


async def visit(feed: Feed, fetch: Fetch, parse: Parse, clock: Clock) -> Visit:
    """Ask for the whole document, then again with the validators that came with it."""
    nothing = FeedState(feed_id=feed.id, next_poll_at=clock.now(), url=feed.url)
    first = await fetch.fetch(request_for(feed, nothing.validators))
    judged = judge(first, nothing, feed, clock.now())
    if not isinstance(first, Response) or judged.body is None:
        return Visit(feed=feed, first=first, judged=judged)
    read = await _read(first, parse, clock.now())
    if isinstance(read, ParseFailure):
        return Visit(feed=feed, first=first, judged=judged, read=read)
    second = await fetch.fetch(request_for(feed, judged.validators))
    changed = isinstance(second, Response) and second.status == _OK and second.body != first.body
    again = await _read(second, parse, clock.now()) if changed and isinstance(second, Response) else None
    return Visit(
        feed=feed,
        first=first,
        judged=judged,
        read=read,
        second=second,
        again=again if isinstance(again, Parsed) else None,
    )


async def _read(response: Response | FetchFailure, parse: Parse, now: datetime) -> Parsed | ParseFailure:
    if isinstance(response, FetchFailure):
        return ParseFailure(detail=response.detail)
    content_type = response.header("content-type") or ""
    return await parse.parse(Document(body=response.body, content_type=content_type, url=response.url), now)
