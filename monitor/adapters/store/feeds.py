"""feeds: what is known of every feed's polls: which are due, and how the last one went."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, Select, and_, bindparam, func, or_, select, update

from monitor.adapters.store import tables
from monitor.adapters.store.dialect import insert
from monitor.model.feed import READ_WHOLE_EVERY, Feed, FeedState, FeedWord, Learned, Pace
from monitor.model.ids import FeedId
from monitor.model.poll import Outcome, Validators

TOUCH_AFTER = READ_WHOLE_EVERY  # identity keys touched more recently are left alone: their thirty days need no more

_ENTRY_HASH_BYTES = 8

_feeds = tables.feeds


def configure(tx: Connection, feeds: Iterable[tuple[Feed, str]], now: datetime) -> None:
    """Make the table hold the configured feeds, given with their hosts. A feed that went keeps its row and history; one that is new, or has
    another URL, is due now; everybody else keeps the time it had, so that a restart polls nobody early.
    """
    tx.execute(update(_feeds).values(configured=False))
    known = {row.id: row for row in tx.execute(select(_feeds.c.id, _feeds.c.url, _feeds.c.next_poll_at))}
    rows = []
    for feed, host in feeds:
        old = known.get(feed.id)
        due = now
        if old is not None and old.url in {"", feed.url}:
            due = old.next_poll_at if old.url else min(old.next_poll_at, now)
        row = {"id": feed.id, "configured": True, "host": host, "next_poll_at": due}
        rows.append(row | {"interval_s": feed.interval_max.total_seconds()})
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
    rows = tx.execute(_DUE, {"_now": now, "_limit": limit}).all()
    if rows:
        tx.execute(_CLAIM, [{"_id": row.id, "_until": until} for row in rows])
    return [_state(row) for row in rows]


def unclaim(tx: Connection) -> None:
    """Take back the claims of earlier runs."""
    tx.execute(update(_feeds).where(_feeds.c.claimed_until.is_not(None)).values(claimed_until=None))


def put(tx: Connection, *states: FeedState) -> None:
    """Write the states of feeds after their polls, and release their claims."""
    if states:
        tx.execute(_PUT, [{"_id": state.feed_id, **_values(state)} for state in states])


def pause(tx: Connection, feed_id: FeedId, now: datetime) -> bool | None:
    """Whether the feed was running until now; None where nobody knows it. Nobody polls it until it is resumed."""
    known = tx.execute(select(_feeds.c.paused_at).where(_feeds.c.id == feed_id)).first()
    if known is None or known.paused_at is not None:
        return None if known is None else False
    tx.execute(update(_feeds).where(_feeds.c.id == feed_id).values(paused_at=now))
    return True


def resume(tx: Connection, feed_id: FeedId, now: datetime) -> bool:
    """Make a feed that was paused, is gone, or fails due at once, with nothing held against it. False where nobody knows it."""
    clean = {"paused_at": None, "gone_since": None, "gone_count": 0, "failures": 0, "next_poll_at": now}
    return tx.execute(update(_feeds).where(_feeds.c.id == feed_id).values(clean)).rowcount > 0


def move(tx: Connection, due: Mapping[FeedId, datetime]) -> None:
    """Poll those feeds at another time than was planned."""
    if due:
        statement = update(_feeds).where(_feeds.c.id == bindparam("_id")).values(next_poll_at=bindparam("_due"))
        tx.execute(statement, [{"_id": id_, "_due": moment} for id_, moment in due.items()])


def astray(tx: Connection, now: datetime) -> list[FeedState]:
    """Feeds that are due, and those whose last poll lies in the future, because the clock was set back since."""
    due = and_(_feeds.c.next_poll_at <= now, _feeds.c.paused_at.is_(None))
    query = select(_feeds).where(_feeds.c.configured, or_(due, _feeds.c.last_poll_at > now))
    return [_state(row) for row in tx.execute(query)]


def unreached(tx: Connection) -> list[FeedId]:
    """Feeds whose last poll found no network."""
    words = (Outcome.NETWORK_ERROR, Outcome.TIMEOUT)
    return [
        FeedId(id_)
        for id_ in tx.scalars(select(_feeds.c.id).where(_feeds.c.configured, _feeds.c.last_outcome.in_(words)))
    ]


def rest_host(tx: Connection, feed_id: FeedId, until: datetime) -> None:
    """None of the feeds on the host of that one is polled before then: it has asked for a pause."""
    host = select(_feeds.c.host).where(_feeds.c.id == feed_id).scalar_subquery()
    sooner = (_feeds.c.host == host, _feeds.c.next_poll_at < until)
    tx.execute(update(_feeds).where(*sooner).values(next_poll_at=until))


def get(tx: Connection, feed_id: FeedId) -> FeedState | None:
    row = tx.execute(select(_feeds).where(_feeds.c.id == feed_id)).first()
    return None if row is None else _state(row)


def all_states(tx: Connection) -> dict[FeedId, FeedState]:
    """Every configured feed's state."""
    return {FeedId(row.id): _state(row) for row in tx.execute(select(_feeds).where(_feeds.c.configured))}


def overdue(tx: Connection, now: datetime) -> int:
    """Feeds that are due and that nobody polls."""
    waiting = or_(_feeds.c.claimed_until.is_(None), _feeds.c.claimed_until <= now)
    due = (_feeds.c.configured, _feeds.c.paused_at.is_(None), _feeds.c.next_poll_at <= now)
    query = select(func.count()).select_from(_feeds).where(*due, waiting)
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
        validators=Validators(
            etag=row.etag,
            last_modified=row.last_modified,
            body_hash=row.body_hash,
            entry_hashes=_hashes(row.entry_hashes),
        ),
        last_poll_at=row.last_poll_at,
        last_outcome=None if row.last_outcome is None else Outcome(row.last_outcome),
        last_detail=row.last_detail,
        last_success_at=row.last_success_at,
        last_new_item_at=row.last_new_item_at,
        document_at=row.document_at,
        full_at=row.full_at,
        failures=row.failures,
        interval=timedelta(seconds=row.interval_s),
        pace=Pace(row.pace),
        learned=Learned(
            pace=_span(row.pace_s),
            hint=_span(row.hint_s),
            skip=row.skip,
            overlap=row.overlap,
            listed=row.listed,
            rolled_off_at=row.rolled_off_at,
            rolloffs=row.rolloffs,
            longest_gap=_span(row.longest_gap_s),
            gaps=row.gaps,
        ),
        moved_to=row.moved_to,
        moved_count=row.moved_count,
        paused_at=row.paused_at,
        told=FeedWord(row.told),
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
        "entry_hashes": b"".join(sorted(state.validators.entry_hashes)),
        "last_poll_at": state.last_poll_at,
        "last_outcome": state.last_outcome,
        "last_detail": state.last_detail,
        "last_success_at": state.last_success_at,
        "last_new_item_at": state.last_new_item_at,
        "document_at": state.document_at,
        "listed_from": None if state.document_at is None else state.document_at - TOUCH_AFTER,
        "full_at": state.full_at,
        "failures": state.failures,
        "interval_s": state.interval.total_seconds(),
        "pace": state.pace,
        "pace_s": _seconds(state.learned.pace),
        "hint_s": _seconds(state.learned.hint),
        "skip": state.learned.skip,
        "overlap": state.learned.overlap,
        "listed": state.learned.listed,
        "rolled_off_at": state.learned.rolled_off_at,
        "rolloffs": state.learned.rolloffs,
        "longest_gap_s": _seconds(state.learned.longest_gap),
        "gaps": state.learned.gaps,
        "moved_to": state.moved_to,
        "moved_count": state.moved_count,
        "told": state.told,
        "baseline_at": state.baseline_at,
        "gone_since": state.gone_since,
        "gone_count": state.gone_count,
        "complaints": list(state.complaints),
    }


def _hashes(joined: bytes) -> frozenset[bytes]:
    return frozenset(joined[start : start + _ENTRY_HASH_BYTES] for start in range(0, len(joined), _ENTRY_HASH_BYTES))


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


_NOBODY = FeedState(feed_id=FeedId(""), next_poll_at=datetime.max.replace(tzinfo=UTC))
_PUT = (
    update(_feeds)
    .where(_feeds.c.id == bindparam("_id"))
    .values(claimed_until=None, **{name: bindparam(name) for name in _values(_NOBODY)})
)


def _due() -> Select[Any]:
    now = bindparam("_now", type_=tables.Moment())
    busy = select(_feeds.c.host).where(_feeds.c.claimed_until > now)
    order = (_feeds.c.next_poll_at, _feeds.c.id)
    turn = func.row_number().over(partition_by=_feeds.c.host, order_by=order)
    due = (
        select(_feeds.c.id, turn.label("turn"))
        .where(
            _feeds.c.configured, _feeds.c.paused_at.is_(None), _feeds.c.next_poll_at <= now, _feeds.c.host.not_in(busy)
        )
        .subquery()
    )
    first = select(due.c.id).where(due.c.turn == 1)
    return select(_feeds).where(_feeds.c.id.in_(first)).order_by(*order).limit(bindparam("_limit", type_=Integer))


_DUE = _due()
_CLAIM = (
    update(_feeds)
    .where(_feeds.c.id == bindparam("_id"))
    .values(claimed_until=bindparam("_until", type_=tables.Moment()))
)
