"""operations: what an operator is told over many polls, with the real store, a scripted network and a hand-moved clock."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import alerts, deliveries, feeds, receivers
from monitor.adapters.store.books import StoreFeedBook, StoreLedger
from monitor.adapters.store.open import Store
from monitor.loops.poll import PollLoop
from monitor.loops.process import Rules
from monitor.model.alert import Operations
from monitor.model.delivery import ReceiverState
from monitor.model.feed import Feed, FeedState, FeedWord
from monitor.model.ids import FeedId, ReceiverId
from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Document, FetchFailure, Outcome, PollResult, Request, Response
from monitor.ports import StorageError
from monitor.steps.match import compile_topics
from monitor.steps.parse import parse
from tests.loops.clock import NOW, Clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAIN, OTHER = ReceiverId("main"), ReceiverId("other")
KEY = "c4n4ry-0123456789"
NAMES = ("a", "b", "c", "d")
REFUSED = FetchFailure(outcome=Outcome.NETWORK_ERROR, detail="the connection was refused")

Answer = Response | FetchFailure


class Meter:
    def polled(self, feed_id: FeedId, result: PollResult) -> None: ...
    def ingested(self, *_: object) -> None: ...
    def lagged(self, lag: timedelta) -> None: ...
    def ran(self, job: str, outcome: str) -> None: ...


class Net:
    def __init__(self) -> None:
        self.answer: Answer = REFUSED

    async def fetch(self, request: Request) -> Answer:
        return self.answer


class Parser:
    async def parse(self, document: Document, now: datetime) -> Parsed | ParseFailure:
        return parse(document, now)


class CrashError(Exception):
    """The process is gone."""


class Book(StoreFeedBook):
    """A book whose database takes nothing while `full`, and that loses its process before a commit while `crash`."""

    full = crash = False

    async def record(self, state: FeedState) -> None:
        if Book.full:
            raise StorageError("full", "the disk is full")
        await super().record(state)

    async def commit(self, work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  as the book's
        if Book.full:
            raise StorageError("full", "the disk is full")
        if not Book.crash:
            return await super().commit(work)

        def crashing(tx):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  as a work
            work(StoreLedger(tx))
            raise CrashError

        return await self.store.write(crashing)


def status(code: int) -> Response:
    return Response(status=code, reason="", headers=(), body=b"", url="https://a.example/rss")


def document(*titles: str) -> Response:
    entries = "".join(f"<item><link>https://n.example/{title}</link><title>{title}</title></item>" for title in titles)
    body = f'<rss version="2.0"><channel><title>W</title>{entries}</channel></rss>'.encode()
    return Response(status=200, reason="OK", headers=(("etag", '"1"'),), body=body, url="https://a.example/rss")


class World:
    """One feed, `a`, unless a test asks for more; and the newsmon that watches it."""

    def __init__(self, store: Store, operations: Operations | None) -> None:
        self.store, self.clock, self.net = store, Clock(), Net()
        self.feeds = {
            FeedId(name): Feed(
                id=FeedId(name), url=f"https://{name}.example/rss?key={KEY}", publisher=name, interval=HOUR
            )
            for name in NAMES
        }
        wanted = [(feed, f"{feed.id}.example") for feed in self.feeds.values()]
        store.write_now(lambda tx: feeds.configure(tx, wanted, NOW))
        away = NOW + timedelta(days=9_999)
        store.write_now(lambda tx: feeds.move(tx, {FeedId(name): away for name in NAMES[1:]}))
        Book.full = Book.crash = False
        self.start(operations)

    def start(self, operations: Operations | None) -> None:
        """As after a restart: nothing is remembered but what is stored."""
        self.store.write_now(feeds.unclaim)
        self.hint = asyncio.Event()
        self.loop = PollLoop(
            feeds=self.feeds,
            rules=Rules(
                topics=compile_topics((), ()),
                routes=(),
                late_after=DAY,
                instance="test",
                operations=operations,
            ),
            book=Book(self.store, gather_seconds=0),
            fetch=self.net,
            parse=Parser(),
            clock=self.clock,
            meter=Meter(),  # type: ignore[arg-type]
            concurrency=4,
            delivered=self.hint,
        )

    def poll(self, *answers: Answer, every: timedelta | None = None) -> None:
        """Poll with these answers, each when the feed is due; or each time so much later."""

        async def play() -> None:
            for self.net.answer in answers:
                if every is None:
                    self.clock.time = max(self.clock.time, self.state().next_poll_at)
                await self.loop.tick()
                await self.loop.drain(timedelta(seconds=5))
                if every is not None:
                    self.clock.time += every

        asyncio.run(play())

    def state(self, name: str = "a") -> FeedState:
        found = self.store.read_now(lambda tx: feeds.get(tx, FeedId(name)))
        assert found is not None
        return found

    def told(self) -> list[str]:
        """What was told, the oldest first."""
        found = self.store.read_now(lambda tx: alerts.latest(tx, 999))
        ordered = sorted(found, key=lambda alert: alert.created_at)
        return [f"{alert.type} {alert.data['reason']}" for alert in ordered]

    def delivered_to(self) -> list[tuple[str, int | None]]:
        found = self.store.read_now(lambda tx: deliveries.listed(tx, 999))
        return sorted((each.delivery.receiver_id, each.delivery.sequence) for each in found)


FAILING, RECOVERED = "feed.failing failing", "feed.recovered recovered"
SILENT, GONE, ROLLED_OFF = "feed.failing silent", "feed.gone gone", "feed.rolled_off rolled_off"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "news.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store) -> World:
    return World(store, Operations(receiver=MAIN, fallback=OTHER))


GOOD, BAD = document("weather"), status(404)
STORIES: dict[str, tuple[list[Answer], list[str]]] = {
    "two bad polls": ([GOOD, BAD, BAD, GOOD], []),
    "it fails": ([GOOD, BAD, BAD, BAD], [FAILING]),
    "it fails on": ([GOOD, *[BAD] * 9], [FAILING]),
    "it recovers": ([GOOD, *[BAD] * 4, GOOD, GOOD], [FAILING, RECOVERED]),
    "again and again": ([GOOD, *[BAD] * 4, GOOD, *[BAD] * 4, GOOD], [FAILING, RECOVERED, FAILING, RECOVERED]),
    "it never answered": ([BAD] * 4, [FAILING]),
    "it answers at last": ([BAD, BAD, GOOD], [FAILING, RECOVERED]),
    "it is gone": ([GOOD, *[status(410)] * 60], [FAILING, GONE]),
    "it is gone, and back": ([GOOD, *[status(410)] * 60, BAD, GOOD], [FAILING, GONE, RECOVERED]),
    "items rolled off": ([GOOD, document("peace")], [ROLLED_OFF]),
    "items roll off again and again": ([GOOD, document("peace"), document("war"), document("rain")], [ROLLED_OFF]),
    "items roll off, an overlap between": (
        [GOOD, document("peace"), document("war", "peace"), document("rain")],
        [ROLLED_OFF, ROLLED_OFF],
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_each_change_is_told_once(story: str, world: World) -> None:
    answers, expected = STORIES[story]
    world.poll(*answers)
    assert world.told() == expected
    assert world.delivered_to() == [(MAIN, number + 1) for number in range(len(expected))]
    assert world.hint.is_set() is bool(expected)


def test_silence_is_noticed_where_nothing_is_said(world: World) -> None:
    world.poll(*(document(*(str(each) for each in range(number, number + 9))) for number in range(12)))
    world.poll(*[status(304)] * 60)
    assert (world.told(), world.state().told) == ([SILENT], FeedWord.STALE)
    world.poll(document("11", "rain"))
    assert (world.told(), world.state().told) == ([SILENT, RECOVERED], FeedWord.OK)


@pytest.mark.parametrize("story", STORIES)
def test_a_restart_after_every_poll_tells_the_same(story: str, world: World) -> None:
    answers, expected = STORIES[story]
    for answer in answers:
        world.poll(answer)
        world.start(Operations(receiver=MAIN))
    assert world.told() == expected


@pytest.mark.parametrize(
    ("before", "answer", "expected"),
    [([GOOD, BAD, BAD], BAD, FAILING), ([GOOD], document("peace"), ROLLED_OFF)],
    ids=["without a document", "with a document"],
)
def test_a_crash_in_the_commit_loses_and_repeats_nothing(
    before: list[Answer], answer: Answer, expected: str, world: World
) -> None:
    world.poll(*before)
    Book.crash = True
    world.poll(answer)
    assert (world.told(), world.state().told) == ([], FeedWord.OK)
    Book.crash = False
    world.start(Operations(receiver=MAIN))
    world.poll(answer, answer)
    assert world.told() == [expected]


def test_a_full_disk_loses_no_event(world: World) -> None:
    world.poll(GOOD, BAD, BAD)
    Book.full = True
    world.poll(BAD)
    Book.full = False
    world.poll(BAD, BAD)
    assert (world.told(), world.state().told) == ([FAILING], FeedWord.FAILING)


def test_where_nobody_is_told_nothing_is_remembered_as_told(store: Store) -> None:
    world = World(store, None)
    world.poll(GOOD, *[BAD] * 4)
    assert (world.told(), world.state().told) == ([], FeedWord.OK)
    world.start(Operations(receiver=MAIN))
    world.poll(BAD, BAD)
    assert world.told() == [FAILING]


@pytest.mark.parametrize(
    ("disabled", "expected"), [((), MAIN), ((MAIN,), OTHER), ((MAIN, OTHER), MAIN)], ids=["none", "main", "both"]
)
def test_the_fallback_is_told_while_the_receiver_is_disabled(
    disabled: tuple[ReceiverId, ...], expected: ReceiverId, world: World
) -> None:
    for id_ in disabled:
        world.store.write_now(lambda tx, id_=id_: receivers.put(tx, ReceiverState(receiver_id=id_, disabled_at=NOW)))  # type: ignore[misc]
    world.poll(BAD)
    assert world.delivered_to() == [(expected, 1)]


def test_our_own_broken_network_is_told_of_nobody(world: World) -> None:
    world.store.write_now(lambda tx: feeds.move(tx, dict.fromkeys(world.feeds, NOW)))
    world.poll(GOOD)
    world.poll(*[REFUSED] * 90, every=timedelta(minutes=1))
    assert [(state.failures >= 3, state.last_outcome) for state in map(world.state, NAMES)] == [
        (False, Outcome.NETWORK_ERROR)
    ] * 4
    assert world.told() == []


def test_no_key_is_told(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.poll(GOOD, *[BAD] * 4, GOOD, document("peace"))
    found = world.store.read_now(lambda tx: alerts.latest(tx, 999))
    assert len(found) == 3
    assert KEY not in repr(found) + caplog.text
