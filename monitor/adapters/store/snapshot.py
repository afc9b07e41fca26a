"""snapshot: the configured feeds and a moment in, what the store says of itself then out."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from monitor.adapters.store import deliveries, feeds, matches
from monitor.model.feed import Feed
from monitor.model.ids import FeedId
from monitor.ports import FeedGauge, Snapshot
from monitor.steps.schedule import state_word


def take(
    tx: Connection, configured: Mapping[FeedId, Feed], hosts: Mapping[FeedId, str], size_bytes: int, now: datetime
) -> Snapshot:
    waiting = deliveries.pending(tx)
    return Snapshot(
        feeds=tuple(
            FeedGauge(
                feed_id=feed_id,
                title=configured[feed_id].title or configured[feed_id].publisher,
                host=hosts[feed_id],
                word=state_word(configured[feed_id], state, now),
                failures=state.failures,
                interval=state.interval,
                configured=configured[feed_id].interval_max,
                last_success_at=state.last_success_at,
                last_new_item_at=state.last_new_item_at,
            )
            for feed_id, state in feeds.all_states(tx).items()
            if feed_id in configured
        ),
        overdue_feeds=feeds.overdue(tx, now),
        pending={receiver: count for receiver, (count, _) in waiting.items()},
        oldest_pending_at={receiver: oldest for receiver, (_, oldest) in waiting.items()},
        topic_last_match_at=matches.last_by_topic(tx),
        size_bytes=size_bytes,
        taken_at=now,
    )
