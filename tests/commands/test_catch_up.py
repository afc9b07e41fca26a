"""What `backtest --deliver` writes: once, in batches, beside whoever else writes."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import deliveries, items, matches
from monitor.adapters.store.books import StoreLedger
from monitor.adapters.store.open import Store
from monitor.commands.catch_up import CatchUp, Queued, Rules, tell
from monitor.model.alert import Decision, Route
from monitor.model.delivery import Delivery
from monitor.model.ids import FeedId, ItemId, ReceiverId, TopicId
from monitor.model.item import Item, StoredItem
from monitor.model.severity import Severity
from monitor.model.topic import Escalation, Match, Topic
from monitor.ports import DecidedMatch, Sighting
from monitor.steps.dedupe import keys_of

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
FEED = FeedId("wire")
TOPIC = Topic(
    id=TopicId("talks"),
    title="Talks",
    severity=Severity.HIGH,
    query="talks",
    version="1",
    escalations=(Escalation(query="urgent", severity=Severity.CRITICAL),),
)
DESK, PAGER = ReceiverId("desk"), ReceiverId("pager")
BOTH = (
    Route(receiver=DESK, severities=frozenset({Severity.HIGH, Severity.CRITICAL})),
    Route(receiver=PAGER, severities=frozenset({Severity.CRITICAL})),
)
QUIET = (Route(receiver=DESK, severities=frozenset({Severity.HIGH})),)


def stored(number: int) -> StoredItem:
    item = Item(guid=str(number), title=f"Talks {number}")
    return StoredItem(
        id=ItemId(f"item{number:03}"),
        feed_id=FEED,
        publisher="Wire",
        item=item,
        first_seen=NOW - timedelta(days=1) + timedelta(minutes=number),
    )


def matched(number: int, severity: Severity = Severity.HIGH) -> tuple[StoredItem, Match]:
    return stored(number), Match(topic_id=TOPIC.id, topic_version="1", spans=(), clause="talks", severity=severity)


def filled(path: Path) -> Store:
    made = Store(path)
    sightings = [
        Sighting(stored=each, keys=keys_of(each.item, "Wire"), is_new=True, words_changed=False)
        for each in map(stored, range(30))
    ]
    made.write_now(lambda tx: items.write(tx, FEED, sightings, NOW))
    return made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = filled(tmp_path / "newsmon.sqlite")
    yield made
    made.close()


def rules(routes: Sequence[Route] = BOTH) -> Rules:
    return Rules(topic=TOPIC, routes=tuple(routes), instance="test", now=NOW)


def queue(store: Store, *found: tuple[StoredItem, Match], routes: Sequence[Route] = BOTH) -> Queued:
    late = CatchUp(store, rules(routes))
    late.offer(found)
    return late.finish()


def outbox(store: Store) -> list[Delivery]:
    records = store.read_now(lambda tx: deliveries.listed(tx, 100))
    return sorted((record.delivery for record in records), key=lambda row: (row.receiver_id, row.sequence or 0))


def test_twelve_items_are_two_alerts(store: Store) -> None:
    queued = queue(store, *map(matched, range(12)))
    assert (queued.items, queued.alerts, queued.unrouted) == ({(DESK,): 12}, {(DESK,): 2}, {})
    first, second = outbox(store)
    assert [row.sequence for row in (first, second)] == [1, 2]
    assert first.alert.items == tuple(stored(number).id for number in range(10))
    assert second.alert.items == tuple(stored(number).id for number in (10, 11))
    assert (first.alert.data["reason"], first.alert.severity) == ("backtest", Severity.HIGH)
    (record,) = store.read_now(lambda tx: matches.of_item(tx, stored(11).id))
    assert (record.decision, record.alert_id, record.matched_at) == (Decision.BACKTEST, second.alert.id, NOW)


def test_a_second_run_delivers_nothing_twice(store: Store) -> None:
    queue(store, *map(matched, range(3)))
    before = outbox(store)
    again = queue(store, *map(matched, range(3)))
    assert (again.items, again.alerts, outbox(store)) == ({}, {}, before)
    more = queue(store, *map(matched, range(5)))
    assert (more.items, [row.sequence for row in outbox(store)]) == ({(DESK,): 2}, [1, 2])


def test_ids_are_the_same_wherever_it_runs(store: Store, tmp_path: Path) -> None:
    other = filled(tmp_path / "other.sqlite")
    for each in (store, other):
        queue(each, *map(matched, range(12)))
    ids = [[(row.id, row.alert.id) for row in outbox(each)] for each in (store, other)]
    other.close()
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


@pytest.mark.parametrize("decision", list(Decision))
def test_what_was_decided_stays_decided(store: Store, decision: Decision) -> None:
    item, match = matched(0)
    decided = DecidedMatch(item_id=item.id, match=match, decision=decision, alert=None)
    store.write_now(lambda tx: matches.write(tx, [decided], NOW))
    told = queue(store, (item, match)).items
    assert told == ({(DESK,): 1} if decision is Decision.NO_ROUTE else {})  # a route came since: it was never told
    assert len(outbox(store)) == len(told)


def test_severities_go_their_own_ways(store: Store) -> None:
    found = [matched(0), matched(1, Severity.CRITICAL), matched(2)]
    queued = queue(store, *found)
    assert queued.items == {(DESK, PAGER): 1, (DESK,): 2}
    rows = outbox(store)
    assert [(row.receiver_id, row.sequence, row.alert.severity, len(row.alert.items)) for row in rows] == [
        (DESK, 1, Severity.CRITICAL, 1),
        (DESK, 2, Severity.HIGH, 2),
        (PAGER, 1, Severity.CRITICAL, 1),
    ]
    assert rows[0].alert.data["topics"][0]["severity"] == "critical"  # type: ignore[index]


def test_what_no_route_takes_is_counted_and_stays_open(store: Store) -> None:
    queued = queue(store, matched(0), matched(1, Severity.CRITICAL), routes=QUIET)
    assert (queued.items, queued.unrouted) == ({(DESK,): 1}, {Severity.CRITICAL: 1})
    assert store.read_now(lambda tx: matches.of_item(tx, stored(1).id)) == []
    assert queue(store, matched(1, Severity.CRITICAL)).items == {(DESK, PAGER): 1}


def test_at_the_same_time_as_another_writer(store: Store) -> None:
    """Between reading and writing one item was told by another run, and one was deleted."""
    other = Store(store.path)
    late = CatchUp(store, rules())
    gone = (StoredItem(id=ItemId("gone"), feed_id=FEED, publisher="", item=Item(), first_seen=NOW), matched(0)[1])
    late.offer([matched(0), gone, matched(1)])
    queue(other, matched(0))
    other.close()
    assert (late.finish().items, [row.alert.items for row in outbox(store)]) == (
        {(DESK,): 1},
        [(stored(0).id,), (stored(1).id,)],
    )
    left = store.write_now(lambda tx: tell(StoreLedger(tx), [matched(0), gone], [DESK], rules()))
    assert (left, len(outbox(store))) == (0, 2)
