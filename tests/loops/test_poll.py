"""poll: what each answer of a feed leaves in the store, with a scripted network and a hand-moved clock."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import deliveries, feeds
from monitor.adapters.store.books import StoreFeedBook
from monitor.adapters.store.open import Store
from monitor.loops.poll import PollLoop
from monitor.loops.process import Rules
from monitor.model.alert import Route
from monitor.model.feed import Feed, FeedState
from monitor.model.ids import FeedId, ReceiverId, TopicId
from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Document, FetchFailure, Outcome, PollResult, Request, Response
from monitor.model.severity import Severity
from monitor.model.topic import Topic
from monitor.ports import StorageError
from monitor.steps.match import compile_topics
from monitor.steps.parse import parse
from monitor.steps.trim import trim
from tests.loops.clock import NOW, Clock

TOPIC = Topic(id=TopicId("t"), title="T", severity=Severity.HIGH, query="peace", version="1")


class Meter:
    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.broken = 0

    def polled(self, feed_id: FeedId, result: PollResult) -> None:
        self.outcomes.append(result.outcome)

    def ingested(self, *_: object) -> None: ...
    def lagged(self, lag: timedelta) -> None: ...

    def ran(self, job: str, outcome: str) -> None:
        self.broken += outcome == "error"


class Net:
    """Answers each request with what is next; an exception is raised."""

    def __init__(self) -> None:
        self.answers: list[Response | FetchFailure | Exception] = []
        self.requests: list[Request] = []
        self.gate: asyncio.Event | None = None

    async def fetch(self, request: Request) -> Response | FetchFailure:
        self.requests.append(request)
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Parser:
    """Reads as a worker does."""

    def __init__(self) -> None:
        self.trimmed: list[int] = []  # how many entries of each document were not read again

    async def parse(self, document: Document, now: datetime) -> Parsed | ParseFailure:
        read = parse(document, now, trim)
        if isinstance(read, Parsed):
            self.trimmed.append(read.trimmed)
        return read


class Failing(StoreFeedBook):
    """A book whose database takes nothing while `full`."""

    full = False

    async def record(self, state: FeedState) -> None:
        if Failing.full:
            raise StorageError("full", "the disk is full")
        await super().record(state)

    async def commit(self, work):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  as the book's
        if Failing.full:
            raise StorageError("full", "the disk is full")
        return await super().commit(work)


def document(*titles: str, etag: str = '"1"') -> Response:
    entries = "".join(f"<item><link>https://n.example/{title}</link><title>{title}</title></item>" for title in titles)
    body = f'<rss version="2.0"><channel><title>W</title>{entries}</channel></rss>'.encode()
    return Response(status=200, reason="OK", headers=(("etag", etag),), body=body, url="https://a.example/rss")


def status(code: int, *headers: tuple[str, str], conditional: bool = True) -> Response:
    return Response(
        status=code, reason="", headers=headers, body=b"", url="https://a.example/rss", conditional=conditional
    )


class World:
    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.net, self.meter, self.parser = store, Clock(), Net(), Meter(), Parser()
        names = ("a", "b")
        self.feeds = {
            FeedId(name): Feed(id=FeedId(name), url=f"https://{name}.example/rss", publisher=name) for name in names
        }
        wanted = [(feed, "one.example") for feed in self.feeds.values()]
        store.write_now(lambda tx: feeds.configure(tx, wanted, NOW))
        store.write_now(lambda tx: feeds.move(tx, {FeedId("b"): NOW + timedelta(days=999)}))
        Failing.full = False
        self.loop = PollLoop(
            feeds=self.feeds,
            rules=Rules(
                topics=compile_topics((TOPIC,), ()),
                by_id={TOPIC.id: TOPIC},
                routes=(Route(receiver=ReceiverId("desk")),),
                late_after=timedelta(hours=24),
                instance="test",
            ),
            book=Failing(store, gather_seconds=0),
            fetch=self.net,
            parse=self.parser,
            clock=self.clock,
            meter=self.meter,  # type: ignore[arg-type]
            concurrency=4,
            delivered=asyncio.Event(),
        )

    def state(self) -> FeedState:
        found = self.store.read_now(lambda tx: feeds.get(tx, FeedId("a")))
        assert found is not None
        return found

    def poll(self, *answers: Response | FetchFailure | Exception, every: timedelta = timedelta(hours=1)) -> FeedState:
        self.net.answers += answers

        async def play() -> None:
            for _ in answers:
                await self.loop.tick()
                await self.loop.drain(timedelta(seconds=5))
                self.clock.time += every

        asyncio.run(play())
        return self.state()

    def alerts(self) -> int:
        return len(self.store.read_now(lambda tx: deliveries.listed(tx, 99)))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = Store(tmp_path / "news.sqlite")
    yield World(store)
    store.close()


def test_a_document_leaves_items_and_validators_and_the_next_one_alerts(world: World) -> None:
    first = world.poll(document("weather"))
    assert (first.validators.etag, first.baseline_at, world.alerts()) == ('"1"', NOW, 0)
    second = world.poll(document("peace", "weather", etag='"2"'))
    assert (second.validators.etag, second.failures, world.alerts()) == ('"2"', 0, 1)
    assert dict(world.net.requests[1].headers)["if-none-match"] == '"1"'
    assert world.meter.outcomes == ["new", "new"]


def test_304_and_the_same_body_bring_nothing_new(world: World) -> None:
    state = world.poll(document("weather"), status(304), document("weather", etag='"9"'))
    assert world.meter.outcomes == ["new", "not_modified", "unchanged"]
    assert (state.validators.etag, state.document_at) == (
        '"9"',
        NOW,
    )  # both replaced by each 200, the document is the old one


def test_a_failure_keeps_the_validators_and_backs_off_and_a_success_ends_it(world: World) -> None:
    failure = FetchFailure(outcome=Outcome.NETWORK_ERROR, detail="refused")
    state = world.poll(document("weather"), failure, failure)
    assert (state.validators.etag, state.failures, state.last_detail) == ('"1"', 2, "refused")
    assert state.interval == timedelta(minutes=20)
    assert world.poll(status(304)).failures == 0


def test_what_cannot_be_read_is_no_document(world: World) -> None:
    login = Response(
        status=200, reason="OK", headers=(("etag", '"x"'),), body=b"<html>log in</html>", url="https://a.example/"
    )
    state = world.poll(document("weather"), login)
    assert (state.last_outcome, state.validators.etag, state.document_at) == (Outcome.PARSE_ERROR, None, NOW)


def test_retry_after_is_obeyed(world: World) -> None:
    state = world.poll(status(429, ("retry-after", "7200")))
    assert state.next_poll_at == NOW + timedelta(hours=2)


def test_nothing_is_polled_before_it_is_due(world: World) -> None:
    world.poll(document("weather"), every=timedelta(minutes=9))
    world.net.answers.append(status(304))
    asyncio.run(world.loop.tick())
    assert len(world.net.requests) == 1


def test_a_full_disk_loses_no_item(world: World) -> None:
    world.poll(document("weather"))
    Failing.full = True
    state = world.poll(document("peace", "weather", etag='"2"'), every=timedelta(seconds=1))
    assert (state.validators.etag, world.alerts()) == ('"1"', 0)
    Failing.full = False
    assert world.poll(document("peace", "weather", etag='"2"')).validators.etag == '"2"'
    assert world.alerts() == 1


def test_a_quiet_poll_that_could_not_be_recorded_is_recorded_later(world: World) -> None:
    world.poll(document("weather"))
    Failing.full = True
    world.poll(FetchFailure(outcome=Outcome.TIMEOUT, detail="slow"), every=timedelta(seconds=1))
    assert world.state().failures == 0
    Failing.full = False
    asyncio.run(world.loop.tick())
    assert (world.state().failures, world.state().last_outcome) == (1, Outcome.TIMEOUT)


def test_a_poll_that_breaks_is_counted_and_tried_again(world: World) -> None:
    world.poll(ValueError("nobody foresaw this"))
    assert world.meter.broken == 1
    assert world.poll(document("weather")).validators.etag == '"1"'


def test_two_feeds_of_a_host_are_never_polled_at_once(world: World) -> None:
    world.store.write_now(lambda tx: feeds.move(tx, dict.fromkeys(world.feeds, NOW)))
    world.net.answers += [document("weather"), document("weather")]

    async def play() -> list[int]:
        world.net.gate = asyncio.Event()
        seen = []
        for _ in range(3):
            await world.loop.tick()
            await asyncio.sleep(0.02)
            seen.append(world.loop.in_progress)
        world.net.gate.set()
        await world.loop.drain(timedelta(seconds=5))
        await world.loop.tick()
        await world.loop.drain(timedelta(seconds=5))
        return seen

    assert asyncio.run(play()) == [1, 1, 1]
    assert sorted(request.url for request in world.net.requests) == ["https://a.example/rss", "https://b.example/rss"]


def test_a_stop_waits_for_polls_that_have_begun_and_gives_up_the_others(world: World) -> None:
    world.store.write_now(lambda tx: feeds.configure(tx, [(feed, feed.id) for feed in world.feeds.values()], NOW))
    world.store.write_now(lambda tx: feeds.move(tx, dict.fromkeys(world.feeds, NOW)))
    world.net.answers.append(document("weather"))

    async def play() -> None:
        world.loop._slots = asyncio.Semaphore(1)
        world.net.gate = asyncio.Event()
        await world.loop.tick()
        await asyncio.sleep(0.02)
        assert world.loop.in_progress == 2
        world.loop.abandon()
        world.net.gate.set()
        await world.loop.drain(timedelta(seconds=5))

    asyncio.run(play())
    assert (len(world.net.requests), world.loop.in_progress) == (1, 0)
    polled = [state for state in world.store.read_now(feeds.all_states).values() if state.last_poll_at is not None]
    assert len(polled) == 1


def test_entries_that_were_read_are_not_read_again_but_once_a_day_all_are(world: World) -> None:
    titles = [f"story-{number}" for number in range(40)]
    for number in range(1, 31):
        world.poll(document(*reversed(titles[:number]), etag=f'"{number}"'))
    assert world.parser.trimmed[:4] == [0, 1, 2, 3]
    whole = [number for number, trimmed in enumerate(world.parser.trimmed) if trimmed == 0]
    assert whole == [0, 24], "a poll an hour: the keys of all that is listed are touched once a day"
    assert world.state().document_at == NOW + timedelta(hours=24)
    assert world.state().learned.listed == 30


def test_a_document_is_asked_for_whole_now_and_then_whatever_the_validators_say(world: World) -> None:
    world.poll(document("weather"), *(status(304) for _ in range(5)), document("weather"))
    conditional = ["if-none-match" in dict(request.headers) for request in world.net.requests]
    assert conditional == [False, True, True, True, True, True, False]


def test_a_host_that_asks_for_a_pause_is_left_alone_with_all_of_its_feeds(world: World) -> None:
    world.store.write_now(lambda tx: feeds.configure(tx, [(each, "one.example") for each in world.feeds.values()], NOW))
    world.store.write_now(lambda tx: feeds.move(tx, {FeedId("b"): NOW + timedelta(minutes=1)}))
    world.poll(status(503, ("retry-after", "7200")))
    other = world.store.read_now(lambda tx: feeds.get(tx, FeedId("b")))
    assert other is not None
    assert other.next_poll_at == NOW + timedelta(hours=2)
