"""items: the items, and the keys by which an entry is recognised as one of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, and_, bindparam, delete, func, or_, select, update

from monitor.adapters.store import tables
from monitor.adapters.store.dialect import insert
from monitor.adapters.store.feeds import TOUCH_AFTER
from monitor.model.ids import FeedId, ItemId
from monitor.model.item import Item, KeyKind, Keys, Neighbours, Seen, StoredItem
from monitor.ports import Sighting

_CHUNK = 500  # values in one IN list: SQLite takes 32,766, PostgreSQL 65,535

_items, _keys, _feeds = tables.items, tables.item_keys, tables.feeds


def neighbours(tx: Connection, feed_id: FeedId, wanted: Sequence[tuple[Keys, ItemId]]) -> list[Neighbours]:
    """For each entry's keys, with the id that a new item would get: what is known by them, newest first."""
    rows = _lookup(tx, {key for keys, _ in wanted for _, key in keys.pairs()})
    taken = _existing(tx, [item_id for _, item_id in wanted])
    return [_of(keys, feed_id, rows, same_id=item_id in taken) for keys, item_id in wanted]


def _of(keys: Keys, feed_id: FeedId, rows: dict[str, list[tables.AnyRow]], *, same_id: bool) -> Neighbours:
    here = {
        kind: tuple(ItemId(row.item_id) for row in rows.get(key, ()) if row.feed_id == feed_id)
        for kind, key in keys.pairs()
    }
    others = rows.get(keys.link or "", ())
    return Neighbours(
        by_guid=here.get(KeyKind.GUID, ()),
        by_link=here.get(KeyKind.LINK, ()),
        by_text=here.get(KeyKind.TEXT, ()),
        elsewhere=next((ItemId(row.item_id) for row in others if row.feed_id != feed_id), None),
        same_id=same_id,
    )


def _lookup(tx: Connection, wanted: set[str]) -> dict[str, list[tables.AnyRow]]:
    found: dict[str, list[tables.AnyRow]] = {}
    keys = sorted(wanted)
    for start in range(0, len(keys), _CHUNK):
        chosen = _keys.c.key.in_(keys[start : start + _CHUNK])
        query = select(_keys.c.key, _keys.c.feed_id, _keys.c.item_id).where(chosen)
        for row in tx.execute(query.order_by(_keys.c.listed_at.desc(), _keys.c.item_id)):
            found.setdefault(row.key, []).append(row)
    return found


def _existing(tx: Connection, ids: Sequence[ItemId]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), _CHUNK):
        found.update(tx.scalars(select(_items.c.id).where(_items.c.id.in_(ids[start : start + _CHUNK]))))
    return found


def first_seen(tx: Connection, ids: Sequence[ItemId]) -> dict[ItemId, datetime]:
    """When each of these items was first seen; those that are not stored are left out."""
    found: dict[ItemId, datetime] = {}
    for start in range(0, len(ids), _CHUNK):
        query = select(_items.c.id, _items.c.first_seen).where(_items.c.id.in_(ids[start : start + _CHUNK]))
        found.update({ItemId(row.id): row.first_seen for row in tx.execute(query)})
    return found


def write(tx: Connection, feed_id: FeedId, sightings: Sequence[Sighting], now: datetime) -> None:
    """Store what one document lists: new items, new words of known ones, and that all of their keys are listed now."""
    _carry_over(tx, feed_id)
    new = [_values(sighting.stored) for sighting in sightings if sighting.is_new]
    if new:
        tx.execute(_ADD, new)
    edited = [
        {"_id": sighting.stored.id, **_words(sighting.stored.item), "updated_at": now}
        for sighting in sightings
        if sighting.words_changed and not sighting.is_new
    ]
    if edited:
        columns: dict[str, Any] = {name: bindparam(name) for name in edited[0] if name != "_id"}
        tx.execute(update(_items).where(_items.c.id == bindparam("_id")).values(columns), edited)
    rows = {
        (key, sighting.stored.id): {
            "key": key,
            "feed_id": feed_id,
            "item_id": sighting.stored.id,
            "kind": kind,
            "listed_at": now,
            "_stale": now - TOUCH_AFTER,
        }
        for sighting in sightings
        for kind, key in sighting.keys.pairs()
    }
    if rows:
        tx.execute(_LIST, list(rows.values()))


def _carry_over(tx: Connection, feed_id: FeedId) -> None:
    """A document that stood unchanged for long was listed until its last good poll: its keys live on from there."""
    row = tx.execute(
        select(_feeds.c.listed_from, _feeds.c.document_at, _feeds.c.last_success_at).where(_feeds.c.id == feed_id)
    ).first()
    if row is None or row.document_at is None or row.last_success_at is None:
        return
    if row.last_success_at - row.document_at <= TOUCH_AFTER:
        return
    listed = (_keys.c.feed_id == feed_id, _keys.c.listed_at >= row.listed_from)
    tx.execute(update(_keys).where(*listed).values(listed_at=row.last_success_at))


def get(tx: Connection, item_id: str) -> StoredItem | None:
    row = tx.execute(select(_items).where(_items.c.id == item_id)).first()
    return None if row is None else _stored(row)


def since(tx: Connection, moment: datetime, *, after: StoredItem | None, limit: int) -> list[StoredItem]:
    """A page of the items first seen since that moment, oldest first: those that follow `after`, the last one of the page before."""
    query = select(_items).where(_items.c.first_seen >= moment).order_by(_items.c.first_seen, _items.c.id).limit(limit)
    if after is not None:
        later = _items.c.first_seen > after.first_seen
        beside = and_(_items.c.first_seen == after.first_seen, _items.c.id > after.id)
        # The first condition says nothing new, but the index can begin there.
        query = query.where(_items.c.first_seen >= after.first_seen, or_(later, beside))
    return [_stored(row) for row in tx.execute(query)]


def count_since(tx: Connection, moment: datetime) -> int:
    return tx.scalar(select(func.count()).select_from(_items).where(_items.c.first_seen >= moment)) or 0


def by_key(tx: Connection, key: str) -> list[tuple[StoredItem, FeedId]]:
    """The items known by that key, with the feed that lists them under it, newest first."""
    query = (
        select(_items, _keys.c.feed_id.label("seen_in"))
        .join(_keys, _keys.c.item_id == _items.c.id)
        .where(_keys.c.key == key)
        .order_by(_items.c.first_seen.desc())
    )
    return [(_stored(row), FeedId(row.seen_in)) for row in tx.execute(query)]


def feeds_of(tx: Connection, item_id: ItemId) -> list[tuple[FeedId, datetime]]:
    """The feeds that list the item, with the last time that each did."""
    query = (
        select(_keys.c.feed_id, func.max(_keys.c.listed_at).label("listed_at"))
        .where(_keys.c.item_id == item_id)
        .group_by(_keys.c.feed_id)
    )
    return [(FeedId(row.feed_id), row.listed_at) for row in tx.execute(query)]


def forget_keys(tx: Connection, before: datetime, limit: int) -> int:
    """Delete keys last listed before then, at most `limit`; never one that stands in a feed's present document. How many."""
    present = (
        select(_feeds.c.id)
        .where(
            _feeds.c.id == _keys.c.feed_id,
            _feeds.c.configured,
            _keys.c.listed_at >= func.coalesce(_feeds.c.listed_from, before),
        )
        .exists()
    )
    old = select(_keys.c.key, _keys.c.feed_id, _keys.c.item_id).where(_keys.c.listed_at < before, ~present).limit(limit)
    rows = tx.execute(old).all()
    for row in rows:
        tx.execute(
            delete(_keys).where(_keys.c.key == row.key, _keys.c.feed_id == row.feed_id, _keys.c.item_id == row.item_id)
        )
    return len(rows)


def forget(tx: Connection, before: datetime, limit: int) -> int:
    """Delete items first seen before then that no key leads to any more, with their matches, at most `limit`. How many."""
    known = select(_keys.c.item_id).where(_keys.c.item_id == _items.c.id).exists()
    ids = tx.scalars(select(_items.c.id).where(_items.c.first_seen < before, ~known).limit(limit)).all()
    if ids:
        tx.execute(delete(tables.matches).where(tables.matches.c.item_id.in_(ids)))
        tx.execute(delete(_items).where(_items.c.id.in_(ids)))
    return len(ids)


def _words(item: Item) -> dict[str, Any]:
    return {
        "guid": item.guid,
        "link": item.link,
        "title": item.title,
        "summary": item.summary,
        "body": item.body,
        "author": item.author,
        "categories": list(item.categories),
        "published": item.published,
        "lang": item.lang,
        "source_title": item.source_title,
        "source_url": item.source_url,
    }


def _values(stored: StoredItem) -> dict[str, Any]:
    return {
        "id": stored.id,
        "feed_id": stored.feed_id,
        "publisher": stored.publisher,
        "why": stored.why,
        "first_seen": stored.first_seen,
        "updated_at": stored.updated_at,
        **_words(stored.item),
    }


def _stored(row: tables.AnyRow) -> StoredItem:
    return StoredItem(
        id=ItemId(row.id),
        feed_id=FeedId(row.feed_id),
        publisher=row.publisher,
        item=Item(
            guid=row.guid,
            link=row.link,
            title=row.title,
            summary=row.summary,
            body=row.body,
            author=row.author,
            categories=tuple(row.categories),
            published=row.published,
            lang=row.lang,
            source_title=row.source_title,
            source_url=row.source_url,
        ),
        first_seen=row.first_seen,
        updated_at=row.updated_at,
        why=Seen(row.why),
    )


def _list() -> Insert:
    statement = insert(_keys)
    columns: dict[str, Any] = {column.name: bindparam(column.name) for column in _keys.c}
    return statement.values(columns).on_conflict_do_update(
        index_elements=[_keys.c.key, _keys.c.feed_id, _keys.c.item_id],
        set_={"listed_at": statement.excluded.listed_at},
        where=_keys.c.listed_at < bindparam("_stale", type_=tables.Moment()),
    )


_ADD = insert(_items).on_conflict_do_nothing()
_LIST = _list()
