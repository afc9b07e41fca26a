"""week: publishers whose servers are scripted and whose clock is moved by hand, and who write down everything that a poller does wrong."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select

from monitor.adapters.store import feeds, tables
from monitor.adapters.store.books import StoreFeedBook
from monitor.adapters.store.open import Store
from monitor.loops.poll import PollLoop
from monitor.loops.process import Rules
from monitor.model.alert import Route
from monitor.model.feed import Feed, FeedState
from monitor.model.ids import FeedId, ReceiverId
from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Document, FetchFailure, Outcome, Request, Response
from monitor.steps.match import compile_topics
from monitor.steps.parse import parse
from monitor.steps.trim import trim
from tests.loops.clock import Clock

START = datetime(2025, 2, 24, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=seconds) for seconds in (1, 60, 3600, 86400))
NEXT_DUE = select(func.min(tables.feeds.c.next_poll_at))
ALLOWED_HEADERS = {"accept", "accept-encoding", "if-none-match", "if-modified-since"}


class Meter:
    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.lags: list[timedelta] = []

    def polled(self, feed_id: FeedId, result: object) -> None:
        self.outcomes[result.outcome] += 1  # type: ignore[attr-defined]

    def ingested(self, *_: object) -> None: ...

    def lagged(self, lag: timedelta) -> None:
        self.lags.append(lag)

    def ran(self, job: str, outcome: str) -> None:
        assert outcome != "error", job


@dataclass
class Publisher:
    """One host with one feed: lists the newest `window` of the items that are published by then."""

    name: str
    published: Callable[[datetime], int]  # how many items there are at that time
    window: int = 20
    answer: Callable[["Publisher", Request, datetime], Response | FetchFailure | None] | None = (
        None  # instead of the document
    )
    gives_validators: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    slowest: timedelta | None = None  # between two polls
    fastest: timedelta = timedelta(seconds=56)  # a minute with its jitter
    asked: list[datetime] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    not_before: datetime | None = None  # as Retry-After said
    violations: list[str] = field(default_factory=list)
    issued: tuple[str, str] | None = None  # validators of the last 200
    conditional: bool = False  # the last request
    conditionals: list[tuple[datetime, bool]] = field(default_factory=list)
    listed: set[int] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"https://{self.name}.example/feed?format=rss&x=%20y"

    def serve(self, request: Request, now: datetime) -> Response | FetchFailure:
        self._watch(request, now)
        self.asked.append(now)
        self.urls.append(request.url)
        if self.answer is not None and (scripted := self.answer(self, request, now)) is not None:
            return scripted
        return self.document(request, now)

    def document(self, request: Request, now: datetime, url: str = "") -> Response:
        count = self.published(now)
        etag, modified = f'W/"{self.name} {count}"', format_datetime(START + timedelta(seconds=count), usegmt=True)
        sent = dict(request.headers)
        if self.gives_validators and sent.get("if-none-match") == etag:
            return self.respond(304, *self.headers, url=url or self.url)
        self.issued = (etag, modified) if self.gives_validators else None
        numbers = range(max(0, count - self.window), count)
        self.listed.update(numbers)
        entries = "".join(
            f"<item><guid>{self.name}-{n}</guid><link>https://{self.name}.example/{n}</link><title>Story {n}</title></item>"
            for n in reversed(numbers)
        )
        body = f'<rss version="2.0"><channel><title>{self.name}</title>{entries}</channel></rss>'.encode()
        given = (("etag", etag), ("last-modified", modified)) if self.gives_validators else ()
        return self.respond(200, *given, *self.headers, body=body, url=url or self.url)

    def respond(
        self, status: int, *headers: tuple[str, str], body: bytes = b"", url: str = "", moved: str = ""
    ) -> Response:
        return Response(
            status=status,
            reason="",
            headers=headers,
            body=body,
            url=url or self.url,
            permanent_url=moved or None,
            conditional=self.conditional,
        )

    def _watch(self, request: Request, now: datetime) -> None:
        sent = dict(request.headers)
        pair = (sent.get("if-none-match"), sent.get("if-modified-since"))
        self.conditional = pair != (None, None)
        self.conditionals.append((now, self.conditional))
        if pair not in {(None, None), self.issued}:
            self.wrong(f"sent validators {pair} that are not those of the last document, {self.issued}", now)
        if not ALLOWED_HEADERS.issuperset(sent):
            self.wrong(f"sent {sorted(sent)}", now)
        if self.not_before is not None and now < self.not_before:
            self.wrong(f"came before {self.not_before}", now)
        if self.asked and now - self.asked[-1] < self.fastest:
            self.wrong(f"came {now - self.asked[-1]} after the last time", now)
        if self.slowest is not None and self.asked and now - self.asked[-1] > self.slowest:
            self.wrong(f"came no sooner than {now - self.asked[-1]} after the last time", now)

    def wrong(self, what: str, now: datetime) -> None:
        self.violations.append(f"{self.name} at {now - START}: {what}")


class Parser:
    """Reads as a worker does."""

    async def parse(self, document: Document, now: datetime) -> Parsed | ParseFailure:
        return parse(document, now, trim)


class Week:
    """A newsmon with these feeds, whose time is moved from one poll to the next."""

    def __init__(self, folder: Path, publishers: list[Publisher], **configured: Feed) -> None:
        self.clock, self.meter = Clock(START, luck=0.5), Meter()
        self.network_is_down = False
        self.stays = False  # what is sent while it is down: the machine itself says so
        self.unreached = 0
        self.publishers = {publisher.name: publisher for publisher in publishers}
        self.feeds = {
            FeedId(name): configured.get(name) or Feed(id=FeedId(name), url=publisher.url, publisher=name)
            for name, publisher in self.publishers.items()
        }
        self.runner = asyncio.Runner()
        self.path = folder / "news.sqlite"
        self.store = Store(self.path)
        self.configure()

    def configure(self) -> None:
        """As at a start of the daemon."""
        wanted = [(feed, urlsplit(feed.url).hostname or "") for feed in self.feeds.values()]
        now = self.clock.time
        self.store.write_now(lambda tx: feeds.configure(tx, wanted, now))
        self.store.write_now(feeds.unclaim)
        self.loop = PollLoop(
            feeds=self.feeds,
            rules=Rules(
                topics=compile_topics((), ()),
                routes=(Route(receiver=ReceiverId("desk")),),
                late_after=DAY,
                instance="test",
            ),
            book=StoreFeedBook(self.store, gather_seconds=0),  # nobody else is polled meanwhile, for no time passes
            fetch=self,
            parse=Parser(),
            clock=self.clock,
            meter=self.meter,  # type: ignore[arg-type]
            concurrency=32,
            delivered=asyncio.Event(),
        )

    async def fetch(self, request: Request) -> Response | FetchFailure:
        if self.network_is_down:
            self.unreached += 1
            return FetchFailure(outcome=Outcome.NETWORK_ERROR, detail="the network is down", stayed=self.stays)
        name = (urlsplit(request.url).hostname or "").removesuffix(".example").removeprefix("new-")
        return self.publishers[name].serve(request, self.clock.time)

    def restart(self) -> None:
        self.store.close()
        self.store = Store(self.path)
        self.configure()

    def run(self, span: timedelta) -> None:
        """Let that much time pass, a tick at every second at which something is due (and one a minute)."""

        async def play() -> None:
            end = self.clock.time + span
            while self.clock.time < end:
                await self.loop.tick()
                await self.loop.drain(timedelta(seconds=5))
                due = self.store.read_now(lambda tx: tx.scalar(NEXT_DUE))
                assert due is not None
                later = max(self.clock.time + SECOND, min(due + SECOND, self.clock.time + 59 * SECOND))
                self.clock.time = min(end, later)

        self.runner.run(play())

    def close(self) -> None:
        self.runner.close()
        self.store.close()

    def sleep(self, span: timedelta) -> None:
        """The machine sleeps: nothing ticks."""
        self.clock.time += span

    def state(self, name: str) -> FeedState:
        found = self.store.read_now(lambda tx: feeds.get(tx, FeedId(name)))
        assert found is not None
        return found

    def violations(self) -> list[str]:
        return [each for publisher in self.publishers.values() for each in publisher.violations]

    def stored(self, name: str) -> int:
        count = select(func.count()).select_from(tables.items).where(tables.items.c.feed_id == name)
        return self.store.read_now(lambda tx: tx.scalar(count)) or 0


def every(span: timedelta, *, first: int = 20) -> Callable[[datetime], int]:
    """One item each so often, on top of those that were there at the start."""
    return lambda now: first + (now - START) // span
