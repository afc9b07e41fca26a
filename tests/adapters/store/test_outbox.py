"""The outbox: claims with a fencing token, sequences, leases, replays, retention."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import alerts, deliveries, receivers
from monitor.adapters.store.open import Store
from monitor.model.alert import Alert, EventType
from monitor.model.delivery import Answer, Attempt, Death, Delivery, DeliveryState, ReceiverState, Verdict
from monitor.model.ids import AlertId, ReceiverId
from monitor.model.severity import Severity
from monitor.steps.outbox import deliveries_of

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
DESK, CHAT = ReceiverId("desk"), ReceiverId("chat")
MINUTE = timedelta(minutes=1)
OK = Answer(outcome=Attempt.OK, status=200)
DONE = Verdict(state=DeliveryState.DELIVERED)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "news.sqlite")
    yield opened
    opened.close()


def _alert(name: str, *, at: datetime = NOW, kind: EventType = EventType.ALERT_CREATED) -> Alert:
    return Alert(
        id=AlertId(name), type=kind, severity=Severity.HIGH, created_at=at, items=(), topics=(), data={"alert_id": name}
    )


def _write(store: Store, alert: Alert, *to: ReceiverId) -> int:
    return store.write_now(lambda tx: alerts.write(tx, alert, deliveries_of(alert, to)))


def _claim(store: Store, token: str = "t1", now: datetime = NOW, **room: int) -> list[Delivery]:
    wanted = {ReceiverId(name): count for name, count in (room or {"desk": 10}).items()}
    return store.write_now(lambda tx: deliveries.claim(tx, now, now + MINUTE, token, wanted))


def _settle(
    store: Store,
    delivery: Delivery,
    verdict: Verdict = DONE,
    answer: Answer = OK,
    *,
    release: bool = False,
    now: datetime = NOW,
) -> bool:
    state = ReceiverState(receiver_id=delivery.receiver_id)
    return store.write_now(lambda tx: deliveries.settle(tx, delivery, answer, verdict, state, release=release, now=now))


def test_each_receiver_counts_for_itself_and_a_test_has_no_number(store: Store) -> None:
    _write(store, _alert("a"), DESK, CHAT)
    _write(store, _alert("t", kind=EventType.TEST), DESK)
    _write(store, _alert("b"), DESK)
    found = {(each.receiver_id, each.alert.id): each.sequence for each in _claim(store, desk=9, chat=9)}
    assert found == {("desk", "a"): 1, ("desk", "t"): None, ("desk", "b"): 2, ("chat", "a"): 1}


def test_the_same_alert_twice_is_one_delivery(store: Store) -> None:
    assert (_write(store, _alert("a"), DESK), _write(store, _alert("a"), DESK)) == (1, 0)
    assert [each.sequence for each in _claim(store)] == [1]
    _write(store, _alert("b"), DESK)
    assert [each.sequence for each in _claim(store, "t2")] == [2]


def test_nobody_else_gets_a_claimed_row_before_its_lease_ends(store: Store) -> None:
    _write(store, _alert("a"), DESK)
    (mine,) = _claim(store)
    assert _claim(store, "t2", NOW + MINUTE / 2) == []
    (theirs,) = _claim(store, "t2", NOW + MINUTE)
    assert theirs.id == mine.id
    assert (_settle(store, mine), _settle(store, theirs)) == (False, True)
    record = store.read_now(lambda tx: deliveries.get(tx, mine.id))
    assert record is not None
    assert (record.delivery.state, len(record.history)) == (DeliveryState.DELIVERED, 1)


def test_at_start_every_claim_is_taken_back(store: Store) -> None:
    _write(store, _alert("a"), DESK)
    _claim(store)
    assert store.write_now(deliveries.unclaim) == 1
    assert [each.alert.id for each in _claim(store, "t2")] == ["a"]


def test_room_is_per_receiver_and_the_oldest_go_first(store: Store) -> None:
    for n in range(3):
        _write(store, _alert(f"a{n}", at=NOW - MINUTE * (3 - n)), DESK, CHAT)
    assert [(each.receiver_id, each.alert.id) for each in _claim(store, desk=2, chat=1)] == [
        ("desk", "a0"),
        ("chat", "a0"),
        ("desk", "a1"),
    ]


def test_a_receiver_that_rests_is_left_alone(store: Store) -> None:
    _write(store, _alert("a"), DESK)
    resting = ReceiverState(receiver_id=DESK, paused_until=NOW + MINUTE)
    store.write_now(lambda tx: receivers.put(tx, resting))
    assert _claim(store) == []
    assert len(_claim(store, now=NOW + MINUTE)) == 1
    store.write_now(lambda tx: receivers.put(tx, ReceiverState(receiver_id=DESK, disabled_at=NOW)))
    assert _claim(store, "t2", NOW + 5 * MINUTE) == []


def test_what_waits_is_due_at_once_when_the_receiver_answers_again(store: Store) -> None:
    _write(store, _alert("a"), DESK)
    _write(store, _alert("b"), DESK)
    first, second = _claim(store)
    later = Verdict(state=DeliveryState.PENDING, next_attempt_at=NOW + timedelta(hours=5))
    _settle(store, first, later, Answer(outcome=Attempt.HTTP_5XX, status=500))
    assert _claim(store, "t2") == []
    _settle(store, second, release=True)
    (again,) = _claim(store, "t3")
    assert (again.id, again.attempts, again.sequence) == (first.id, 1, 1)


def test_a_replay_keeps_id_and_sequence(store: Store) -> None:
    _write(store, _alert("a"), DESK)
    (delivery,) = _claim(store)
    assert store.write_now(lambda tx: deliveries.replay(tx, delivery.id, NOW)) is False  # it still waits
    _settle(store, delivery, Verdict(state=DeliveryState.DEAD, death=Death.EXPIRED), Answer(outcome=Attempt.TIMEOUT))
    assert _claim(store, "t2") == []
    assert store.write_now(lambda tx: deliveries.replay(tx, delivery.id, NOW)) is True
    (again,) = _claim(store, "t3")
    assert (again.id, again.sequence, again.attempts) == (delivery.id, 1, 0)
    assert store.write_now(lambda tx: deliveries.replay(tx, "msg_nobody", NOW)) is False


def test_lists_by_receiver_state_and_time(store: Store) -> None:
    _write(store, _alert("a"), DESK, CHAT)
    _write(store, _alert("b", at=NOW + MINUTE), DESK)
    (done,) = _claim(store, desk=1)
    _settle(store, done)

    def ids(**kwargs: object) -> list[str]:
        return store.read_now(
            lambda tx: [
                f"{each.delivery.alert.id}@{each.delivery.receiver_id}" for each in deliveries.listed(tx, 10, **kwargs)
            ]  # type: ignore[arg-type]
        )

    assert ids(receiver=CHAT) == ["a@chat"]
    assert ids(state=DeliveryState.DELIVERED) == ["a@desk"]
    assert ids(since=NOW + MINUTE) == ["b@desk"]
    assert store.read_now(deliveries.pending) == {CHAT: (1, NOW), DESK: (1, NOW + MINUTE)}


def test_retention_forgets_what_is_done_and_keeps_what_waits(store: Store) -> None:
    _write(store, _alert("done"), DESK)
    (done,) = _claim(store)
    _settle(store, done)
    _write(store, _alert("waits"), DESK)
    later = NOW + timedelta(days=31)
    assert store.write_now(lambda tx: deliveries.forget(tx, DeliveryState.DELIVERED, later, 10)) == 1
    assert store.write_now(lambda tx: alerts.forget(tx, later, 10)) == 1
    assert store.read_now(lambda tx: [alert.id for alert in alerts.latest(tx, 10)]) == ["waits"]
    assert len(_claim(store, "t2", later)) == 1


def test_since_when_deliveries_wait(store: Store) -> None:
    def waiting(*asked: ReceiverId) -> datetime | None:
        return store.read_now(lambda tx: deliveries.waiting_since(tx, asked))

    assert waiting(DESK, CHAT) is None
    _write(store, _alert("a"), DESK)
    _write(store, _alert("b", at=NOW + MINUTE), CHAT)
    assert (waiting(DESK, CHAT), waiting(CHAT), waiting()) == (NOW, NOW + MINUTE, None)
    (delivery,) = _claim(store)
    later = Verdict(state=DeliveryState.PENDING, next_attempt_at=NOW + 60 * MINUTE)
    _settle(store, delivery, later, Answer(outcome=Attempt.TIMEOUT))
    assert waiting(DESK) == NOW  # while its receiver is down, too
    (delivery,) = _claim(store, now=NOW + 60 * MINUTE)
    _settle(store, delivery)
    assert waiting(DESK) is None
    store.write_now(lambda tx: deliveries.replay(tx, delivery.id, NOW + 90 * MINUTE))
    assert waiting(DESK) == NOW + 90 * MINUTE
