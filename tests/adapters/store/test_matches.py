"""matches: what was decided about an item stays, unless nobody was told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.adapters.store import matches
from monitor.adapters.store.open import Store
from monitor.model.alert import Decision
from monitor.model.ids import ItemId, TopicId
from monitor.model.severity import Severity
from monitor.model.topic import Match
from monitor.ports import DecidedMatch

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
ITEM, ARMS = ItemId("1"), TopicId("arms")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "news.sqlite")
    yield opened
    opened.close()


def decided(decision: Decision, severity: Severity) -> DecidedMatch:
    match = Match(topic_id=ARMS, topic_version="1", spans=(), clause="missile", severity=severity, escalation="nuclear")
    return DecidedMatch(item_id=ITEM, match=match, decision=decision, alert=None)


@pytest.mark.parametrize(
    ("first", "kept"),
    [
        (Decision.NO_ROUTE, (Decision.MATCHED_AFTER_EDIT, Severity.CRITICAL)),
        (Decision.FIRST_MATCH, (Decision.FIRST_MATCH, Severity.LOW)),
        (Decision.BASELINE, (Decision.BASELINE, Severity.LOW)),
    ],
)
def test_a_second_decision(store: Store, first: Decision, kept: tuple[Decision, Severity]) -> None:
    for each in (decided(first, Severity.LOW), decided(Decision.MATCHED_AFTER_EDIT, Severity.CRITICAL)):
        store.write_now(lambda tx, each=each: matches.write(tx, [each], NOW))
    (stored,) = store.read_now(lambda tx: matches.of_item(tx, ITEM))
    assert (stored.decision, stored.match.severity) == kept


def test_what_was_decided_of_items(store: Store) -> None:
    store.write_now(lambda tx: matches.write(tx, [decided(Decision.NO_ROUTE, Severity.LOW)], NOW))
    assert store.read_now(lambda tx: matches.decisions_of(tx, [ITEM, ItemId("2")])) == {
        ITEM: [(ARMS, Decision.NO_ROUTE)]
    }
