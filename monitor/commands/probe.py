"""probe: a receiver in; a marked test event sent to it by the daemon's own path, and what it answered, out."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.model.delivery import Answer, Delivery, DeliveryState, Receiver, ReceiverKind
from monitor.ports import Clock, Tell
from monitor.steps.alert import test_alert
from monitor.steps.outbox import delivery_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    delivery: Delivery
    answer: Answer


async def probe(receiver: Receiver, tell: Mapping[ReceiverKind, Tell], clock: Clock, instance: str) -> Probed:
    """One attempt. Nothing is stored, and the receiver's sequence is not touched."""
    now = clock.now()
    alert = test_alert(receiver.id, now, clock.token(), instance)
    delivery = Delivery(
        id=delivery_id(alert.id, receiver.id),
        receiver_id=receiver.id,
        alert=alert,
        sequence=None,
        state=DeliveryState.PENDING,
        attempts=0,
        created_at=now,
        next_attempt_at=now,
    )
    return Probed(delivery=delivery, answer=await tell[receiver.kind].tell(delivery, receiver, now))
