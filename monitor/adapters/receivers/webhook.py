"""webhook: a delivery in, a signed POST out, its answer back (Standard Webhooks 1.0.0)."""

from dataclasses import dataclass
from datetime import datetime

from monitor.adapters.sender import Sender
from monitor.model.delivery import Answer, Delivery, Receiver
from monitor.steps.deliver import build


@dataclass(frozen=True, slots=True)
class Webhook:
    sender: Sender

    async def tell(self, delivery: Delivery, receiver: Receiver, now: datetime) -> Answer:
        return await self.sender.send(build(delivery, receiver, now))
