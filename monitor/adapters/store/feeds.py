"""feeds: what is known of every feed's polls: which are due, and how the last one went."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from monitor.adapters.store import tables
from monitor.adapters.store.dialect import insert
from monitor.model.feed import Feed, FeedState, Validators
from monitor.model.ids import FeedId
from monitor.model.poll import Outcome

TOUCH_AFTER = timedelta(days=1)  # identity keys touched more recently are left alone: their thirty days need no more

_feeds = tables.feeds


def configure(tx: Connection, feeds: Iterable[tuple[Feed, str]], first_due: Mapping[FeedId, datetime]) -> None:
    """Make the table hold the configured feeds, given with their hosts. A feed that went keeps its row and history; one that is new, or
    comes back, or has another URL, is due at `first_due`; everybody else keeps the time it had, so that a restart polls nobody early.
    """
    tx.execute(update(_feeds).values(configured=False))
    known = {row.id: row for row in tx.execute(select(_feeds.c.id, _feeds.c.url, _feeds.c.next_poll_at))}
    rows = []
    for feed, host in feeds:
        old, due = known.get(feed.id), first_due[feed.id]
        if old is not None and old.url in {"", feed.url}:
            due = old.next_poll_at if old.url else min(old.next_poll_at, due)
        row = {"id": feed.id, "configured": True, "host": host, "next_poll_at": due}
        rows.append(row | {"interval_s": feed.interval.total_seconds()})
    if not rows:
        return
    statement = insert(_feeds)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[_feeds.c.id],
            set_={"configured": True, "host": statement.excluded.host, "next_poll_at": statement.excluded.next_poll_at},
        ),
        rows,
    )


def claim_due(tx: Connection, now: datetime, limit: int, until: datetime) -> list[FeedState]:
    """Feeds that are due, longest first: at most one a host, and none of a host that is being polled."""
    claimed = and_(_feeds.c.claimed_until.is_not(None), _feeds.c.claimed_until > now)
    busy = select(_feeds.c.host).where(claimed)
    turn = func.row_number().over(partition_by=_feeds.c.host, order_by=(_feeds.c.next_poll_at, _feeds.c.id))
    due = (
        select(_feeds.c.id, _feeds.c.next_poll_at, turn.label("turn"))
        .where(_feeds.c.configured, _feeds.c.next_poll_at <= now, _feeds.c.host.not_in(busy))
        .subquery()
    )
    ids = tx.scalars(select(due.c.id).where(due.c.turn == 1).order_by(due.c.next_poll_at).limit(limit)).all()
    if not ids:
        return []
    tx.execute(update(_feeds).where(_feeds.c.id.in_(ids)).values(claimed_until=until))
    states = {row.id: _state(row) for row in tx.execute(select(_feeds).where(_feeds.c.id.in_(ids)))}
    return [states[id_] for id_ in ids]


def unclaim(tx: Connection) -> None:
    """Take back the claims of earlier runs."""
    tx.execute(update(_feeds).where(_feeds.c.claimed_until.is_not(None)).values(claimed_until=None))


def put(tx: Connection, state: FeedState) -> None:
    """Write the feed's state after a poll, and release its claim."""
    tx.execute(update(_feeds).where(_feeds.c.id == state.feed_id).values(claimed_until=None, **_values(state)))


def get(tx: Connection, feed_id: FeedId) -> FeedState | None:
    row = tx.execute(select(_feeds).where(_feeds.c.id == feed_id)).first()
    return None if row is None else _state(row)


def all_states(tx: Connection) -> dict[FeedId, FeedState]:
    """Every configured feed's state."""
    return {FeedId(row.id): _state(row) for row in tx.execute(select(_feeds).where(_feeds.c.configured))}


def overdue(tx: Connection, now: datetime) -> int:
    """Feeds that are due and that nobody polls."""
    waiting = or_(_feeds.c.claimed_until.is_(None), _feeds.c.claimed_until <= now)
    query = select(func.count()).select_from(_feeds).where(_feeds.c.configured, _feeds.c.next_poll_at <= now, waiting)
    return tx.scalar(query) or 0


def untold_baselines(tx: Connection) -> tuple[list[FeedState], int]:
    """Feeds whose baseline no summary has told yet, and how many configured feeds were never polled."""
    untold = (
        select(_feeds)
        .where(_feeds.c.baseline_at.is_not(None), _feeds.c.baseline_told_at.is_(None))
        .order_by(_feeds.c.id)
    )
    never = select(func.count()).select_from(_feeds).where(_feeds.c.configured, _feeds.c.last_poll_at.is_(None))
    return [_state(row) for row in tx.execute(untold)], tx.scalar(never) or 0


def tell_baselines(tx: Connection, feed_ids: Sequence[FeedId], now: datetime) -> None:
    tx.execute(update(_feeds).where(_feeds.c.id.in_(feed_ids)).values(baseline_told_at=now))


def _state(row: tables.AnyRow) -> FeedState:
    return FeedState(
        feed_id=FeedId(row.id),
        next_poll_at=row.next_poll_at,
        url=row.url,
        validators=Validators(etag=row.etag, last_modified=row.last_modified, body_hash=row.body_hash),
        last_poll_at=row.last_poll_at,
        last_outcome=None if row.last_outcome is None else Outcome(row.last_outcome),
        last_detail=row.last_detail,
        last_success_at=row.last_success_at,
        last_new_item_at=row.last_new_item_at,
        document_at=row.document_at,
        failures=row.failures,
        interval=timedelta(seconds=row.interval_s),
        baseline_at=row.baseline_at,
        gone_since=row.gone_since,
        gone_count=row.gone_count,
        complaints=tuple(row.complaints),
    )


def _values(state: FeedState) -> dict[str, Any]:
    return {
        "next_poll_at": state.next_poll_at,
        "url": state.url,
        "etag": state.validators.etag,
        "last_modified": state.validators.last_modified,
        "body_hash": state.validators.body_hash,
        "last_poll_at": state.last_poll_at,
        "last_outcome": state.last_outcome,
        "last_detail": state.last_detail,
        "last_success_at": state.last_success_at,
        "last_new_item_at": state.last_new_item_at,
        "document_at": state.document_at,
        "listed_from": None if state.document_at is None else state.document_at - TOUCH_AFTER,
        "failures": state.failures,
        "interval_s": state.interval.total_seconds(),
        "baseline_at": state.baseline_at,
        "gone_since": state.gone_since,
        "gone_count": state.gone_count,
        "complaints": list(state.complaints),
    }
