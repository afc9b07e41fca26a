"""deliveries: the outbox. Rows are claimed with a fencing token, settled by it, and kept with their history."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, func, or_, select, update

from monitor.adapters.store import receivers, tables
from monitor.adapters.store.alerts import from_row as alert_from_row
from monitor.model.delivery import (
    Answer,
    Attempt,
    Attempted,
    Death,
    Delivery,
    DeliveryState,
    ReceiverState,
    Verdict,
)
from monitor.model.ids import AlertId, DeliveryId, ReceiverId

_deliveries, _alerts, _attempts, _receivers = tables.deliveries, tables.alerts, tables.attempts, tables.receivers


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """A delivery with what a person asks of it."""

    delivery: Delivery
    finished_at: datetime | None
    death: Death | None
    history: tuple[Attempted, ...] = ()


def claim(tx: Connection, now: datetime, until: datetime, token: str, room: Mapping[ReceiverId, int]) -> list[Delivery]:
    """Due rows of these receivers, oldest first, at most `room` of each; nobody else gets them before `until`.

    A receiver that asked for a pause, or is disabled, is left alone.
    """
    found: list[Delivery] = []
    resting = select(_receivers.c.id).where(or_(_receivers.c.paused_until > now, _receivers.c.disabled_at.is_not(None)))
    sleepers = set(tx.scalars(resting))
    for receiver_id, count in room.items():
        if count <= 0 or receiver_id in sleepers:
            continue
        free = or_(_deliveries.c.claimed_until.is_(None), _deliveries.c.claimed_until <= now)
        due = (
            select(_deliveries.c.id)
            .where(
                _deliveries.c.state == DeliveryState.PENDING,
                _deliveries.c.receiver_id == receiver_id,
                _deliveries.c.next_attempt_at <= now,
                free,
            )
            .order_by(_deliveries.c.next_attempt_at, _deliveries.c.sequence)
            .limit(count)
        )
        ids = tx.scalars(due).all()
        if ids:
            tx.execute(update(_deliveries).where(_deliveries.c.id.in_(ids)).values(claimed_until=until, claim=token))
            found += [record.delivery for record in _records(tx, _deliveries.c.id.in_(ids))]
    return sorted(found, key=lambda delivery: (delivery.created_at, delivery.sequence or 0))


def settle(
    tx: Connection,
    delivery: Delivery,
    answer: Answer,
    verdict: Verdict,
    receiver: ReceiverState,
    *,
    release: bool,
    now: datetime,
) -> bool:
    """Write down what came of an attempt. False, and nothing written, if the claim was lost."""
    done = tx.execute(
        update(_deliveries)
        .where(_deliveries.c.id == delivery.id, _deliveries.c.claim == delivery.claim)
        .values(
            state=verdict.state,
            attempts=delivery.attempts + 1,
            next_attempt_at=verdict.next_attempt_at or delivery.next_attempt_at,
            claimed_until=None,
            claim=None,
            finished_at=None if verdict.state is DeliveryState.PENDING else now,
            death=verdict.death,
        )
    )
    if done.rowcount != 1:
        return False
    tx.execute(
        _attempts.insert().values(
            delivery_id=delivery.id,
            at=now,
            outcome=answer.outcome,
            status=answer.status,
            detail=answer.detail,
            body=answer.body,
            elapsed_s=answer.elapsed.total_seconds(),
        )
    )
    receivers.put(tx, receiver)
    if release:
        waiting = (_deliveries.c.state == DeliveryState.PENDING, _deliveries.c.receiver_id == delivery.receiver_id)
        tx.execute(update(_deliveries).where(*waiting, _deliveries.c.next_attempt_at > now).values(next_attempt_at=now))
    return True


def unclaim(tx: Connection) -> int:
    """Take back the claims of earlier runs. How many."""
    return tx.execute(
        update(_deliveries).where(_deliveries.c.claim.is_not(None)).values(claimed_until=None, claim=None)
    ).rowcount


def listed(
    tx: Connection,
    limit: int,
    *,
    receiver: ReceiverId | None = None,
    state: DeliveryState | None = None,
    since: datetime | None = None,
) -> list[DeliveryRecord]:
    """The latest deliveries, newest first."""
    conditions = [
        condition
        for condition in (
            None if receiver is None else _deliveries.c.receiver_id == receiver,
            None if state is None else _deliveries.c.state == state,
            None if since is None else _deliveries.c.created_at >= since,
        )
        if condition is not None
    ]
    return _records(tx, *conditions, limit=limit)


def get(tx: Connection, delivery_id: str) -> DeliveryRecord | None:
    """One delivery with its history."""
    records = _records(tx, _deliveries.c.id == delivery_id)
    if not records:
        return None
    rows = tx.execute(select(_attempts).where(_attempts.c.delivery_id == delivery_id).order_by(_attempts.c.id))
    history = tuple(
        Attempted(number=number, at=row.at, answer=_answer(row)) for number, row in enumerate(rows, start=1)
    )
    (record,) = records
    return DeliveryRecord(delivery=record.delivery, finished_at=record.finished_at, death=record.death, history=history)


def of_alert(tx: Connection, alert_id: AlertId) -> list[DeliveryRecord]:
    """The deliveries of one alert, each with its history."""
    ids = tx.scalars(
        select(_deliveries.c.id).where(_deliveries.c.alert_id == alert_id).order_by(_deliveries.c.receiver_id)
    )
    return [record for record in (get(tx, id_) for id_ in ids.all()) if record is not None]


def replay(tx: Connection, delivery_id: str, now: datetime) -> bool:
    """Make a finished delivery sendable again, with the same webhook-id and sequence. False if there is none, or it still waits."""
    finished = _deliveries.c.state != DeliveryState.PENDING
    done = tx.execute(
        update(_deliveries)
        .where(_deliveries.c.id == delivery_id, finished)
        .values(state=DeliveryState.PENDING, attempts=0, next_attempt_at=now, finished_at=None, death=None)
    )
    return done.rowcount == 1


def pending(tx: Connection) -> dict[ReceiverId, tuple[int, datetime]]:
    """How many deliveries wait for each receiver, and since when the oldest does."""
    query = (
        select(_deliveries.c.receiver_id, func.count().label("n"), func.min(_deliveries.c.created_at).label("oldest"))
        .where(_deliveries.c.state == DeliveryState.PENDING)
        .group_by(_deliveries.c.receiver_id)
    )
    return {ReceiverId(row.receiver_id): (row.n, row.oldest) for row in tx.execute(query)}


def waiting_since(tx: Connection, receivers_asked: Collection[ReceiverId]) -> datetime | None:
    """Since when the delivery to these receivers waits that waits longest. One that is sent again waits since it was asked for."""
    since = case((_deliveries.c.attempts == 0, _deliveries.c.next_attempt_at), else_=_deliveries.c.created_at)
    query = select(func.min(since)).where(
        _deliveries.c.state == DeliveryState.PENDING, _deliveries.c.receiver_id.in_(receivers_asked)
    )
    oldest: datetime | None = tx.scalar(query)
    return oldest


def forget(tx: Connection, state: DeliveryState, before: datetime, limit: int) -> int:
    """Delete finished deliveries of that state, finished before then, with their history, at most `limit`. How many."""
    old = select(_deliveries.c.id).where(_deliveries.c.state == state, _deliveries.c.finished_at < before).limit(limit)
    ids = tx.scalars(old).all()
    if ids:
        tx.execute(delete(_attempts).where(_attempts.c.delivery_id.in_(ids)))
        tx.execute(delete(_deliveries).where(_deliveries.c.id.in_(ids)))
    return len(ids)


def _records(tx: Connection, *conditions: Any, limit: int | None = None) -> list[DeliveryRecord]:
    query = (
        select(
            _deliveries.c.id.label("delivery_id"),
            _deliveries.c.created_at.label("delivery_created_at"),
            *[column for column in _deliveries.c if column.name not in {"id", "created_at"}],
            _alerts,
        )
        .join(_alerts, _alerts.c.id == _deliveries.c.alert_id)
        .where(*conditions)
        .order_by(_deliveries.c.created_at.desc(), _deliveries.c.sequence.desc())
    )
    return [_record(row) for row in tx.execute(query if limit is None else query.limit(limit))]


def _record(row: tables.AnyRow) -> DeliveryRecord:
    return DeliveryRecord(
        delivery=Delivery(
            id=DeliveryId(row.delivery_id),
            receiver_id=ReceiverId(row.receiver_id),
            alert=alert_from_row(row),
            sequence=row.sequence,
            state=DeliveryState(row.state),
            attempts=row.attempts,
            created_at=row.delivery_created_at,
            next_attempt_at=row.next_attempt_at,
            claim=row.claim,
        ),
        finished_at=row.finished_at,
        death=None if row.death is None else Death(row.death),
    )


def _answer(row: tables.AnyRow) -> Answer:
    return Answer(
        outcome=Attempt(row.outcome),
        detail=row.detail,
        status=row.status,
        body=row.body,
        elapsed=timedelta(seconds=row.elapsed_s),
    )
