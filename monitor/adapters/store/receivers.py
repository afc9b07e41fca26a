"""receivers: what is known of every receiver: its sequence, its pauses, its failures."""

from typing import Any

from sqlalchemy import Connection, select

from monitor.adapters.store import tables
from monitor.adapters.store.dialect import insert
from monitor.model.delivery import ReceiverState
from monitor.model.ids import ReceiverId

_receivers = tables.receivers


def next_sequence(tx: Connection, receiver_id: ReceiverId) -> int:
    """The receiver's next number. It is used up only if the transaction commits: no gaps."""
    statement = insert(_receivers).values(id=receiver_id, last_sequence=1)
    number = tx.scalar(
        statement.on_conflict_do_update(
            index_elements=[_receivers.c.id], set_={"last_sequence": _receivers.c.last_sequence + 1}
        ).returning(_receivers.c.last_sequence)
    )
    if number is None:
        raise LookupError(f"no sequence for {receiver_id}")
    return int(number)


def get(tx: Connection, receiver_id: ReceiverId) -> ReceiverState:
    row = tx.execute(select(_receivers).where(_receivers.c.id == receiver_id)).first()
    if row is None:
        return ReceiverState(receiver_id=receiver_id)
    return ReceiverState(
        receiver_id=receiver_id,
        last_sequence=row.last_sequence,
        paused_until=row.paused_until,
        gone_since=row.gone_since,
        gone_count=row.gone_count,
        disabled_at=row.disabled_at,
        failures=row.failures,
        last_success_at=row.last_success_at,
    )


def put(tx: Connection, state: ReceiverState) -> None:
    """Write everything but the sequence, which belongs to the alerts' transactions."""
    values: dict[str, Any] = {
        "paused_until": state.paused_until,
        "gone_since": state.gone_since,
        "gone_count": state.gone_count,
        "disabled_at": state.disabled_at,
        "failures": state.failures,
        "last_success_at": state.last_success_at,
    }
    statement = insert(_receivers).values(id=state.receiver_id, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=[_receivers.c.id], set_=values))
