"""heartbeat: when the watcher elsewhere is called, with a hand-moved clock and a scripted network."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import pytest

from monitor.loops.heartbeat import FIRST_AFTER, RETRY_AFTER, TIMEOUT, Heartbeat
from monitor.model.connection import Connection, Proxy
from monitor.model.poll import FetchFailure, Outcome, Request, Response
from monitor.model.secret import Secret
from monitor.model.settings import HeartbeatSettings
from monitor.ports import Health, StorageError

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
KEY = "c4n4ry-0123456789"
URL = f"https://hc.example/ping/{KEY}"
THROUGH_PROXY = Connection(proxy=Proxy(url="http://proxy.lan:3128"))
WELL = Health(alive=True, ready=True)
NO_WRITES = Health(alive=True, ready=False, problems=("the database takes no writes: full",))
STUCK = Health(alive=False, ready=False, problems=("the scheduler has not ticked since 2025-02-24T09:00:00+00:00",))
REFUSED = FetchFailure(outcome=Outcome.NETWORK_ERROR, detail="the connection was refused")


def answer(status: int) -> Response:
    return Response(status=status, reason="", headers=(), body=b"", url=URL)


class World:
    """Holds everything that the heartbeat asks for, and the moments at which it called."""

    def __init__(self, every: timedelta = 5 * MINUTE) -> None:
        self.time = NOW
        self.health = WELL
        self.waiting: datetime | StorageError | None = None
        self.answer: Response | FetchFailure = answer(200)
        self.requests: list[Request] = []
        self.calls: list[timedelta] = []  # after NOW
        settings = HeartbeatSettings(
            url=Secret(URL), every=every, allow_private=("10.0.0.0/8",), connection=THROUGH_PROXY
        )
        self.heartbeat = Heartbeat(
            settings=settings, fetch=self, health=lambda: self.health, waiting_since=self.waiting_since, clock=self
        )

    def now(self) -> datetime:
        return self.time

    def luck(self) -> float:
        return 0.0

    def token(self) -> str:
        return "t"

    async def fetch(self, request: Request) -> Response | FetchFailure:
        self.requests.append(request)
        self.calls.append(self.time - NOW)
        return self.answer

    async def waiting_since(self) -> datetime | None:
        if isinstance(self.waiting, StorageError):
            raise self.waiting
        return self.waiting

    def live(self, span: timedelta) -> None:
        """Let time pass, with a tick a second."""

        async def play() -> None:
            for _ in range(int(span.total_seconds())):
                await self.heartbeat.tick()
                self.time += SECOND

        asyncio.run(play())


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def words(said: pytest.LogCaptureFixture) -> list[str]:
    return [f"{record.levelname} {record.getMessage()}" for record in said.records]


def test_it_calls_every_so_often_and_says_nothing(said: pytest.LogCaptureFixture) -> None:
    world = World()
    world.live(12 * MINUTE)
    assert world.calls == [FIRST_AFTER, FIRST_AFTER + 5 * MINUTE, FIRST_AFTER + 10 * MINUTE]
    asked = Request(url=URL, timeout=TIMEOUT, allow_private=("10.0.0.0/8",), connection=THROUGH_PROXY)
    assert world.requests[0] == asked
    assert words(said) == []


def test_a_short_pulse_begins_at_once() -> None:
    world = World(every=5 * SECOND)
    world.live(11 * SECOND)
    assert world.calls == [5 * SECOND, 10 * SECOND]


TROUBLES: dict[str, tuple[dict[str, object], str]] = {
    "it does not poll": (
        {"health": STUCK},
        "the heartbeat is withheld: the scheduler has not ticked since 2025-02-24T09:00:00+00:00",
    ),
    "it cannot write": ({"health": NO_WRITES}, "the heartbeat is withheld: the database takes no writes: full"),
    "it cannot read": (
        {"waiting": StorageError("locked", "it is held")},
        "the heartbeat is withheld: the database cannot be asked: locked: it is held",
    ),
    "a delivery waits": (
        {"waiting": NOW - 10 * MINUTE},
        "the heartbeat is withheld: a delivery has waited since 2025-02-24T08:50:00+00:00, longer than 10 minutes",
    ),
    "it is unwell in every way": (
        {"health": STUCK, "waiting": NOW - 10 * MINUTE},
        "the heartbeat is withheld: the scheduler has not ticked since 2025-02-24T09:00:00+00:00",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_it_is_withheld_told_once_and_made_up_for(trouble: str, said: pytest.LogCaptureFixture) -> None:
    changes, told = TROUBLES[trouble]
    world = World()
    for name, value in changes.items():
        setattr(world, name, value)
    world.live(20 * MINUTE)
    assert (world.calls, words(said)) == ([], [f"WARNING {told}"])
    world.health, world.waiting = WELL, None
    world.live(10 * SECOND)
    assert len(world.calls) == 1
    assert words(said)[1:] == ["INFO the heartbeat is sent again"]


FAILURES = {
    "no answer": (REFUSED, "the connection was refused"),
    "a watcher that knows no such check": (answer(404), "404 Not Found"),
    "a watcher that is broken": (answer(500), "500 Internal Server Error"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_call_that_fails_is_told_once_and_tried_again(failure: str, said: pytest.LogCaptureFixture) -> None:
    world = World()
    world.answer, detail = FAILURES[failure]
    world.live(FIRST_AFTER + RETRY_AFTER + SECOND)
    assert world.calls == [FIRST_AFTER, FIRST_AFTER + RETRY_AFTER]
    world.answer = answer(204)
    world.live(RETRY_AFTER)
    assert words(said) == [
        f"WARNING the heartbeat could not be sent: {detail}",
        "INFO the heartbeat is sent again",
    ]
    assert KEY not in repr([vars(record) for record in said.records])


def test_each_other_reason_is_told(said: pytest.LogCaptureFixture) -> None:
    world = World()
    world.health = NO_WRITES
    world.live(2 * MINUTE)
    world.health, world.waiting = WELL, NOW - 10 * MINUTE
    world.live(2 * MINUTE)
    world.waiting, world.answer = None, REFUSED
    world.live(2 * MINUTE)
    assert [record.levelname for record in said.records] == ["WARNING"] * 3
    assert [getattr(record, "heartbeat", "") for record in said.records] == ["not_writing", "not_delivering", "failed"]


def test_a_clock_that_is_set_back_keeps_nobody_waiting() -> None:
    world = World()
    world.live(2 * MINUTE)
    world.time -= timedelta(days=1)
    world.live(2 * SECOND)
    assert len(world.calls) == 2
