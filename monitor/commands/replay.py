"""replay: ids of finished deliveries in; the same deliveries sendable again, and what became of each id, out.

Written beside a running daemon in one short transaction, which it finds by asking its outbox.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from monitor.adapters.store import deliveries
from monitor.adapters.store.open import Store
from monitor.commands.writing import writer
from monitor.model.delivery import DeliveryState


class Replayed(StrEnum):
    """What became of one id."""

    DUE = "due"  # it is sent again at once
    WAITS = "waits"  # it is not finished: it is sent anyway
    UNKNOWN = "unknown"


def replay(database: Path, ids: Iterable[str], now: datetime) -> Mapping[str, Replayed]:
    """Raises StorageError where there is no database of this version, or it belongs to somebody else."""
    with writer(database) as store:
        return {id_: _replay_one(store, id_, now) for id_ in dict.fromkeys(ids)}


def _replay_one(store: Store, id_: str, now: datetime) -> Replayed:
    if store.write_now(lambda tx: deliveries.replay(tx, id_, now)):
        return Replayed.DUE
    record = store.read_now(lambda tx: deliveries.get(tx, id_))
    if record is None:
        return Replayed.UNKNOWN
    return Replayed.WAITS if record.delivery.state is DeliveryState.PENDING else Replayed.DUE
