"""deliver: lanes, retries and what a failing store means, on the real store with a hand-moved clock and receivers that do as they are told."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import alerts, deliveries
from monitor.adapters.store.books import StoreOutbox
from monitor.adapters.store.open import Store
from monitor.loops.deliver import DOWN_AFTER, DeliverLoop
from monitor.model.alert import Alert, EventType
from monitor.model.delivery import (
    Answer,
    Attempt,
    Delivery,
    DeliveryState,
    Receiver,
    ReceiverKind,
    ReceiverState,
    Verdict,
)
from monitor.model.ids import AlertId, ReceiverId
from monitor.model.settings import DeliverySettings
from monitor.model.severity import Severity
from monitor.ports import StorageError
from monitor.steps.outbox import deliveries_of
from tests.loops.clock import Clock

DESK, CHAT = ReceiverId("desk"), ReceiverId("chat")
OK, DOWN = Answer(outcome=Attempt.OK, status=200), Answer(outcome=Attempt.HTTP_5XX, status=500)
SCHEDULE = tuple(timedelta(minutes=minutes) for minutes in (1, 10, 60, 60))


class Meter:
    """Counts attempts and broken tasks."""

    def __init__(self) -> None:
        self.attempts: list[tuple[str, str]] = []
        self.broken = 0

    def attempted(self, delivery: Delivery, answer: Answer, verdict: Verdict, now: datetime) -> None:
        self.attempts.append((delivery.receiver_id, answer.outcome))

    def ran(self, job: str, outcome: str) -> None:
        self.broken += outcome == "error"


class Receivers:
    """Answers as told, and remembers what it was told."""

    def __init__(self) -> None:
        self.answer: Callable[[Delivery], Answer] = lambda _: OK
        self.hung: dict[ReceiverId, asyncio.Event] = {}
        self.told: list[tuple[str, str]] = []

    async def tell(self, delivery: Delivery, receiver: Receiver, now: datetime) -> Answer:
        if receiver.id in self.hung:
            await self.hung[receiver.id].wait()
        self.told.append((receiver.id, delivery.alert.id))
        return self.answer(delivery)


class Forgetful(StoreOutbox):
    """An outbox whose database fails the first time that it is to settle."""

    failures: list[str] = []  # noqa: RUF012  one for each test

    async def settle(self, delivery: Delivery, *args: object, **kwargs: object) -> bool:
        if delivery.id not in self.failures:
            self.failures.append(delivery.id)
            raise StorageError("full", "the disk is full")
        return await super().settle(delivery, *args, **kwargs)  # type: ignore[arg-type]


class World:
    def __init__(self, store: Store, outbox: StoreOutbox | None = None) -> None:
        self.store, self.clock, self.meter, self.receivers = store, Clock(luck=0.5), Meter(), Receivers()
        self.loop = DeliverLoop(
            receivers={name: Receiver(id=name, kind=ReceiverKind.WEBHOOK, url="https://x/") for name in (DESK, CHAT)},
            tell={ReceiverKind.WEBHOOK: self.receivers},
            outbox=outbox or StoreOutbox(store),
            clock=self.clock,
            meter=self.meter,  # type: ignore[arg-type]
            settings=DeliverySettings(schedule=SCHEDULE, concurrency=2),
            hint=asyncio.Event(),
        )

    def alert(self, name: str, *to: ReceiverId) -> None:
        made = Alert(
            id=AlertId(name),
            type=EventType.ALERT_CREATED,
            severity=Severity.HIGH,
            created_at=self.clock.time,
            items=(),
            topics=(),
            data={"items": []},
        )
        self.store.write_now(lambda tx: alerts.write(tx, made, deliveries_of(made, to)))

    async def tick(self) -> None:
        await self.loop.tick()
        await self.loop.drain(timedelta(seconds=5))

    def states(self) -> dict[str, tuple[str, int]]:
        rows = self.store.read_now(lambda tx: deliveries.listed(tx, 99))
        return {
            f"{row.delivery.alert.id}@{row.delivery.receiver_id}": (row.delivery.state, row.delivery.attempts)
            for row in rows
        }


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "news.sqlite")
    yield opened
    opened.close()


def test_a_delivery_is_sent_once_and_done(store: Store) -> None:
    world = World(store)
    world.alert("a", DESK)

    async def play() -> None:
        await world.tick()
        await world.tick()

    asyncio.run(play())
    assert world.receivers.told == [("desk", "a")]
    assert world.states() == {"a@desk": ("delivered", 1)}


def test_it_is_tried_again_by_the_schedule_and_then_dead(store: Store) -> None:
    world = World(store)
    world.receivers.answer = lambda _: DOWN
    world.alert("a", DESK)
    seen: list[tuple[str, int]] = []

    async def play() -> None:
        for pause in (timedelta(), *SCHEDULE):
            world.clock.time += pause - timedelta(seconds=1)
            await world.tick()  # a second early: nothing is due but the first
            world.clock.time += timedelta(seconds=1)
            await world.tick()
            seen.append(world.states()["a@desk"])

    asyncio.run(play())
    assert seen == [("pending", 1), ("pending", 2), ("pending", 3), ("pending", 4), ("dead", 5)]


def test_a_hung_receiver_delays_no_other(store: Store) -> None:
    world = World(store)
    for n in range(5):
        world.alert(f"a{n}", DESK, CHAT)

    async def play() -> dict[str, int]:
        world.receivers.hung[DESK] = asyncio.Event()
        for _ in range(6):
            await world.loop.tick()
            await asyncio.sleep(0.05)
        meanwhile = {name: sum(who == name for who, _ in world.receivers.told) for name in (DESK, CHAT)}
        world.receivers.hung[DESK].set()
        await world.loop.drain(timedelta(seconds=5))
        return meanwhile

    assert asyncio.run(play()) == {"desk": 0, "chat": 5}


def test_a_receiver_has_no_more_under_way_than_it_may(store: Store) -> None:
    world = World(store)
    for n in range(5):
        world.alert(f"a{n}", DESK)

    async def play() -> int:
        world.receivers.hung[DESK] = asyncio.Event()
        for _ in range(3):
            await world.loop.tick()
        claimed = sum(row.delivery.claim is not None for row in store.read_now(lambda tx: deliveries.listed(tx, 9)))
        world.receivers.hung[DESK].set()
        await world.loop.drain(timedelta(seconds=5))
        return claimed

    assert asyncio.run(play()) == 2


def test_what_waits_goes_at_once_when_a_receiver_is_back(store: Store) -> None:
    world = World(store)
    world.receivers.answer = lambda _: DOWN
    world.alert("old", DESK)

    async def play() -> None:
        for pause in (timedelta(), *SCHEDULE[: DOWN_AFTER - 1]):
            world.clock.time += pause
            await world.tick()
        assert world.states()["old@desk"] == ("pending", DOWN_AFTER)
        world.receivers.answer = lambda _: OK
        world.alert("new", DESK)
        await world.tick()
        await world.tick()

    asyncio.run(play())
    assert {key: state for key, (state, _) in world.states().items()} == {
        "old@desk": "delivered",
        "new@desk": "delivered",
    }


def test_a_row_that_alone_fails_is_not_hurried_to_its_end(store: Store) -> None:
    world = World(store)
    world.receivers.answer = lambda delivery: DOWN if delivery.alert.id == "poison" else OK
    world.alert("poison", DESK)

    async def play() -> None:
        for n in range(6):
            world.alert(f"good{n}", DESK)
            await world.tick()

    asyncio.run(play())
    assert world.states()["poison@desk"] == ("pending", 1)


def test_what_was_sent_is_written_down_however_long_the_store_takes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.loops.deliver.STORE_RETRY", timedelta(milliseconds=10))
    world = World(store, Forgetful(store))
    Forgetful.failures.clear()
    world.alert("a", DESK)
    asyncio.run(world.tick())
    assert (world.receivers.told, world.states()) == ([("desk", "a")], {"a@desk": ("delivered", 1)})


def test_what_outlives_its_lease_is_not_sent_twice(store: Store) -> None:
    world = World(store)
    world.alert("a", DESK)

    async def play() -> None:
        world.receivers.hung[DESK] = asyncio.Event()
        await world.loop.tick()
        world.clock.time += timedelta(minutes=2)
        await world.loop.tick()
        world.receivers.hung[DESK].set()
        await world.loop.drain(timedelta(seconds=5))

    asyncio.run(play())
    assert (world.receivers.told, world.states()) == ([("desk", "a")], {"a@desk": ("delivered", 1)})


def test_a_receiver_that_breaks_our_code_frees_its_lane(store: Store) -> None:
    world = World(store)

    def explode(_: Delivery) -> Answer:
        raise ValueError("nobody foresaw this")

    world.receivers.answer = explode
    world.alert("a", DESK)

    async def play() -> None:
        await world.tick()
        world.receivers.answer = lambda _: OK
        world.clock.time += timedelta(minutes=2)  # its lease is over
        await world.tick()

    asyncio.run(play())
    assert (world.meter.broken, world.states()) == (1, {"a@desk": ("delivered", 1)})


def test_the_states_of_receivers_survive_a_restart(store: Store) -> None:
    world = World(store)
    world.receivers.answer = lambda _: DOWN
    world.alert("a", DESK)
    asyncio.run(world.tick())
    state = asyncio.run(StoreOutbox(store).receiver(DESK))
    assert state == ReceiverState(receiver_id=DESK, last_sequence=1, failures=1)
    assert world.states()["a@desk"][0] == DeliveryState.PENDING
