"""alerts: the decisions to tell, and with each of them its rows of the outbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from monitor.adapters.store import tables
from monitor.adapters.store.dialect import insert
from monitor.adapters.store.receivers import next_sequence
from monitor.model.alert import Alert, EventType
from monitor.model.delivery import DeliveryState
from monitor.model.ids import AlertId, DeliveryId, ItemId, ReceiverId, TopicId
from monitor.model.severity import Severity

_alerts, _deliveries = tables.alerts, tables.deliveries


def write(tx: Connection, alert: Alert, receivers: Sequence[tuple[DeliveryId, ReceiverId]]) -> int:
    """Store the alert and one delivery a receiver, sendable at once. How many of the deliveries are new: ids are deterministic."""
    tx.execute(insert(_alerts).on_conflict_do_nothing(), _values(alert))
    known = set(
        tx.scalars(select(_deliveries.c.id).where(_deliveries.c.id.in_([delivery for delivery, _ in receivers])))
    )
    rows = [
        {
            "id": delivery_id,
            "alert_id": alert.id,
            "receiver_id": receiver_id,
            "sequence": None if alert.type is EventType.TEST else next_sequence(tx, receiver_id),
            "state": DeliveryState.PENDING,
            "attempts": 0,
            "created_at": alert.created_at,
            "next_attempt_at": alert.created_at,
        }
        for delivery_id, receiver_id in receivers
        if delivery_id not in known
    ]
    if rows:
        tx.execute(insert(_deliveries), rows)
    return len(rows)


def get(tx: Connection, alert_id: str) -> Alert | None:
    row = tx.execute(select(_alerts).where(_alerts.c.id == alert_id)).first()
    return None if row is None else from_row(row)


def latest(tx: Connection, limit: int, *, topic: TopicId | None = None, since: datetime | None = None) -> list[Alert]:
    """The latest alerts, newest first."""
    query = select(_alerts).order_by(_alerts.c.created_at.desc(), _alerts.c.id)
    if since is not None:
        query = query.where(_alerts.c.created_at >= since)
    found: list[Alert] = []
    for row in tx.execute(query):  # `topics` is JSON: asked here, so that every database does it alike
        if topic is None or topic in row.topics:
            found.append(from_row(row))
        if len(found) == limit:
            break
    return found


def forget(tx: Connection, before: datetime, limit: int) -> int:
    """Delete alerts older than that which no delivery tells any more, at most `limit`. How many."""
    told = select(_deliveries.c.id).where(_deliveries.c.alert_id == _alerts.c.id).exists()
    ids = tx.scalars(select(_alerts.c.id).where(_alerts.c.created_at < before, ~told).limit(limit)).all()
    if ids:
        tx.execute(delete(_alerts).where(_alerts.c.id.in_(ids)))
    return len(ids)


def from_row(row: tables.AnyRow) -> Alert:
    return Alert(
        id=AlertId(row.id),
        type=EventType(row.type),
        severity=Severity(row.severity),
        created_at=row.created_at,
        items=tuple(ItemId(item) for item in row.items),
        topics=tuple(TopicId(topic) for topic in row.topics),
        data=row.data,
    )


def _values(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "type": alert.type,
        "severity": alert.severity,
        "created_at": alert.created_at,
        "items": list(alert.items),
        "topics": list(alert.topics),
        "data": alert.data,
    }
