"""control: ids of feeds in; those feeds paused, or resumed and due at once, and what became of each, out.

Written beside a running daemon in short transactions: it asks the table which feeds are due, and leaves paused ones alone.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from monitor.adapters.store import feeds
from monitor.commands.writing import writer
from monitor.model.ids import FeedId


class Controlled(StrEnum):
    """What became of one feed."""

    DONE = "done"
    ALREADY = "already"  # it was paused before
    UNSEEN = "unseen"  # the daemon has not seen it yet: there is nothing to write to


_PAUSED = {True: Controlled.DONE, False: Controlled.ALREADY, None: Controlled.UNSEEN}


def pause(database: Path, ids: Iterable[FeedId], now: datetime) -> Mapping[FeedId, Controlled]:
    """Raises StorageError where there is no database of this version, or it belongs to somebody else."""
    with writer(database) as store:
        return {id_: _PAUSED[store.write_now(partial(feeds.pause, feed_id=id_, now=now))] for id_ in dict.fromkeys(ids)}


def resume(database: Path, ids: Iterable[FeedId], now: datetime) -> Mapping[FeedId, Controlled]:
    """Raises StorageError where there is no database of this version, or it belongs to somebody else."""
    with writer(database) as store:
        known = {id_: store.write_now(partial(feeds.resume, feed_id=id_, now=now)) for id_ in dict.fromkeys(ids)}
    return {id_: Controlled.DONE if is_known else Controlled.UNSEEN for id_, is_known in known.items()}
