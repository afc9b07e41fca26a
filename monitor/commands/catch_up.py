"""catch_up: stored items that a topic matches, in; of those it never decided about, alerts in batches and rows of the outbox, out.

Written beside a running daemon, a batch a transaction, which it finds by asking its outbox. The match is recorded in the same
transaction, so that whoever runs this again, or at the same time, tells nothing twice.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from monitor.adapters.store import matches
from monitor.adapters.store.books import StoreLedger
from monitor.adapters.store.open import Store
from monitor.model.alert import Decision, Route
from monitor.model.ids import ReceiverId
from monitor.model.item import StoredItem
from monitor.model.severity import Severity
from monitor.model.topic import Match, Topic
from monitor.ports import DecidedMatch, Ledger
from monitor.steps import alert as alerts
from monitor.steps import outbox

Told: TypeAlias = tuple[StoredItem, Match]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is told, by whom and to whom. `now`: when the alerts are made."""

    topic: Topic
    routes: tuple[Route, ...]
    instance: str
    now: datetime

    def receivers(self, severity: Severity) -> tuple[ReceiverId, ...]:
        return outbox.receivers_of([(self.topic.id, severity)], self.routes)

    def severities(self) -> tuple[Severity, ...]:
        """At which the topic can alert."""
        return tuple(dict.fromkeys((self.topic.severity, *(each.severity for each in self.topic.escalations))))


@dataclass(slots=True, kw_only=True)
class Queued:
    """What was written: items and alerts for each set of receivers, and the items that no route takes at their severity."""

    items: Counter[tuple[ReceiverId, ...]] = field(default_factory=Counter)
    alerts: Counter[tuple[ReceiverId, ...]] = field(default_factory=Counter)
    unrouted: Counter[Severity] = field(default_factory=Counter)


class CatchUp:
    """Collects what is to be told; every batch is of one severity, for routes go by it."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store, self._rules = store, rules
        self._waiting: dict[Severity, list[Told]] = {}
        self._queued = Queued()

    def offer(self, found: Sequence[Told]) -> None:
        """Items that the topic matches, in the order in which they are to be told. Raises StorageError."""
        if not found:
            return
        ids = [stored.id for stored, _ in found]
        decided = self._store.read_now(lambda tx: matches.decisions_of(tx, ids))
        for stored, match in found:
            if any(
                topic == self._rules.topic.id and decision is not Decision.NO_ROUTE
                for topic, decision in decided.get(stored.id, ())
            ):
                continue
            if not self._rules.receivers(match.severity):
                self._queued.unrouted[match.severity] += 1
                continue
            batch = self._waiting.setdefault(match.severity, [])
            batch.append((stored, match))
            if len(batch) == alerts.LATE_BATCH_ITEMS_MAX:
                self._write(match.severity)

    def finish(self) -> Queued:
        """Write what waits, the loudest first. Raises StorageError."""
        for severity in sorted(self._waiting, key=lambda severity: -severity.rank):
            self._write(severity)
        return self._queued

    def _write(self, severity: Severity) -> None:
        batch, self._waiting[severity] = self._waiting[severity], []
        if not batch:
            return
        receivers = self._rules.receivers(severity)
        told = self._store.write_now(lambda tx: tell(StoreLedger(tx), batch, receivers, self._rules))
        self._queued.items[receivers] += told
        self._queued.alerts[receivers] += bool(told)


def tell(ledger: Ledger, batch: Sequence[Told], receivers: Sequence[ReceiverId], rules: Rules) -> int:
    """One alert of those items of the batch that are still there and undecided. How many that are."""
    known = ledger.known([stored.id for stored, _ in batch])
    left = [
        (stored, match)
        for stored, match in batch
        if stored.id in known and rules.topic.id not in known[stored.id].topics
    ]
    if not left:
        return 0
    told = [(stored, [alerts.alert_topic(rules.topic, match, Decision.BACKTEST)]) for stored, match in left]
    alert = alerts.alert_of(told, rules.now, rules.instance)
    ledger.write_matches(
        [
            DecidedMatch(item_id=stored.id, match=match, decision=Decision.BACKTEST, alert=alert)
            for stored, match in left
        ],
        rules.now,
    )
    ledger.write_alert(alert, outbox.deliveries_of(alert, receivers))
    return len(left)
