"""matches: item x topic, and what was decided about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from monitor.adapters.store import tables
from monitor.adapters.store.dialect import insert
from monitor.model.alert import Decision
from monitor.model.ids import AlertId, FeedId, ItemId, TopicId
from monitor.model.severity import Severity
from monitor.model.topic import Match, Span
from monitor.ports import DecidedMatch, Held

_CHUNK = 500  # values in one IN list

_matches, _items = tables.matches, tables.items


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMatch:
    item_id: ItemId
    match: Match
    decision: Decision
    alert_id: AlertId | None
    matched_at: datetime


def decisions_of(tx: Connection, items: Sequence[ItemId]) -> dict[ItemId, list[tuple[TopicId, Decision]]]:
    """The topics that were ever matched for each of these items, and what was decided about them."""
    found: dict[ItemId, list[tuple[TopicId, Decision]]] = {}
    for start in range(0, len(items), _CHUNK):
        chosen = _matches.c.item_id.in_(items[start : start + _CHUNK])
        query = select(_matches.c.item_id, _matches.c.topic_id, _matches.c.decision).where(chosen)
        for row in tx.execute(query):
            found.setdefault(ItemId(row.item_id), []).append((TopicId(row.topic_id), Decision(row.decision)))
    return found


def write(tx: Connection, decided: Sequence[DecidedMatch], now: datetime) -> None:
    """Store what was decided. A match stays as it was first decided, unless no route took it then."""
    rows = [
        {
            "item_id": each.item_id,
            "topic_id": each.match.topic_id,
            "topic_version": each.match.topic_version,
            "decision": each.decision,
            "clause": each.match.clause,
            "severity": each.match.severity,
            "escalation": each.match.escalation,
            "spans": [[span.field, span.start, span.end, span.text] for span in each.match.spans],
            "matched_at": now,
            "alert_id": None if each.alert is None else each.alert.id,
        }
        for each in decided
    ]
    if rows:
        statement = insert(_matches)
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=[_matches.c.item_id, _matches.c.topic_id],
                set_={column.name: statement.excluded[column.name] for column in _matches.c if not column.primary_key},
                where=_matches.c.decision == Decision.NO_ROUTE,
            ),
            rows,
        )


def of_item(tx: Connection, item_id: ItemId) -> list[StoredMatch]:
    query = select(_matches).where(_matches.c.item_id == item_id).order_by(_matches.c.matched_at, _matches.c.topic_id)
    return [_stored(row) for row in tx.execute(query)]


def last_by_topic(tx: Connection) -> dict[TopicId, datetime]:
    """When each topic last matched."""
    query = select(_matches.c.topic_id, func.max(_matches.c.matched_at).label("at")).group_by(_matches.c.topic_id)
    return {TopicId(row.topic_id): row.at for row in tx.execute(query)}


def counts_by_topic(tx: Connection, since: datetime) -> dict[TopicId, Mapping[Decision, int]]:
    """How many matches each topic had since then, by what was decided about them."""
    query = (
        select(_matches.c.topic_id, _matches.c.decision, func.count().label("n"))
        .where(_matches.c.matched_at >= since)
        .group_by(_matches.c.topic_id, _matches.c.decision)
    )
    found: dict[TopicId, dict[Decision, int]] = {}
    for row in tx.execute(query):
        found.setdefault(TopicId(row.topic_id), {})[Decision(row.decision)] = row.n
    return dict(found)


def held(tx: Connection, feed_ids: Sequence[FeedId]) -> list[Held]:
    """What the baselines of these feeds hold, newest first."""
    query = (
        select(_items, _matches.c.topic_id, _matches.c.severity)
        .join(_matches, _matches.c.item_id == _items.c.id)
        .where(_items.c.feed_id.in_(feed_ids), _matches.c.decision == Decision.BASELINE)
        .order_by(_items.c.published.desc(), _items.c.id, _matches.c.topic_id)
    )
    rows: dict[str, list[tables.AnyRow]] = {}
    for row in tx.execute(query):
        rows.setdefault(row.id, []).append(row)
    return [
        Held(
            feed_id=FeedId(first.feed_id),
            title=first.title,
            link=first.link,
            publisher=first.publisher,
            topics=tuple((TopicId(row.topic_id), Severity(row.severity)) for row in group),
        )
        for group in rows.values()
        for first in group[:1]
    ]


def _stored(row: tables.AnyRow) -> StoredMatch:
    return StoredMatch(
        item_id=ItemId(row.item_id),
        match=Match(
            topic_id=TopicId(row.topic_id),
            topic_version=row.topic_version,
            spans=tuple(Span(field=field, start=start, end=end, text=text) for field, start, end, text in row.spans),
            clause=row.clause,
            severity=Severity(row.severity),
            escalation=row.escalation,
        ),
        decision=Decision(row.decision),
        alert_id=None if row.alert_id is None else AlertId(row.alert_id),
        matched_at=row.matched_at,
    )
