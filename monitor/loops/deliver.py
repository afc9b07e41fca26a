"""deliver: due rows of the outbox in, settled rows out. Polling the outbox is the guarantee, hints make it quick."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.model.alert import EventType
from monitor.model.delivery import (
    Answer,
    Attempt,
    Delivery,
    DeliveryState,
    Receiver,
    ReceiverKind,
    ReceiverState,
    Verdict,
)
from monitor.model.ids import DeliveryId, ReceiverId
from monitor.model.settings import DeliverySettings
from monitor.ports import Clock, Meter, Outbox, StorageError, Tell
from monitor.steps import deliver

DOWN_AFTER = (
    3  # failures in a row after which the next 2xx means that the receiver is back, and all that waits goes at once
)
STORE_RETRY = timedelta(seconds=1)

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Lane:
    """One receiver: what is under way to it, and what is known of it."""

    state: ReceiverState
    running: int = 0


class DeliverLoop:
    """Claims what is due and sends it, each receiver in a lane of its own: a hung one delays no other."""

    def __init__(
        self,
        *,
        receivers: Mapping[ReceiverId, Receiver],
        tell: Mapping[ReceiverKind, Tell],
        outbox: Outbox,
        clock: Clock,
        meter: Meter,
        settings: DeliverySettings,
        hint: asyncio.Event,
    ) -> None:
        self._receivers = receivers
        self._tell = tell
        self._outbox = outbox
        self._clock = clock
        self._meter = meter
        self._settings = settings
        self._hint = hint
        self._lanes: dict[ReceiverId, _Lane] = {}
        self._claims: dict[DeliveryId, Delivery] = {}  # under way, with the claim that counts
        self._tasks: set[asyncio.Task[None]] = set()
        self.tally: Counter[str] = Counter()  # since the last summary

    async def run(self) -> None:
        """Until cancelled. Running deliveries go on: see `drain`."""
        while True:
            try:
                await self.tick()
            except StorageError as error:
                _log.warning("the outbox cannot be asked: %s", error)
            try:
                await asyncio.wait_for(self._hint.wait(), self._settings.interval.total_seconds())
            except TimeoutError:
                continue
            self._hint.clear()

    async def tick(self) -> None:
        """Claim what is due, as far as the lanes have room, and start sending it."""
        for receiver_id in self._receivers:
            if receiver_id not in self._lanes:
                self._lanes[receiver_id] = _Lane(state=await self._outbox.receiver(receiver_id))
        room = {id_: self._settings.concurrency - lane.running for id_, lane in self._lanes.items()}
        if not any(free > 0 for free in room.values()):
            return
        now = self._clock.now()
        for delivery in await self._outbox.claim(now, now + self._settings.lease, self._clock.token(), room):
            known = delivery.id in self._claims
            self._claims[delivery.id] = delivery
            if known:
                continue  # it took longer than its lease: whoever sends it settles it by the new claim
            self._lanes[delivery.receiver_id].running += 1
            task = asyncio.create_task(self._deliver(delivery), name=f"deliver {delivery.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def drain(self, limit: timedelta) -> None:
        """Let running attempts end, for at most that long; then they are given up, and sent again after the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=limit.total_seconds())
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _deliver(self, delivery: Delivery) -> None:
        lane = self._lanes[delivery.receiver_id]
        try:
            await self._deliver_once(delivery, lane)
        except Exception:  # noqa: BLE001  one broken task must not stop the loop
            self._meter.ran("deliver", "error")
            _log.exception("delivery %s broke", delivery.id, extra={"delivery": delivery.id})
        finally:
            lane.running -= 1
            self._claims.pop(delivery.id, None)
            self._hint.set()  # the lane has room again

    async def _deliver_once(self, delivery: Delivery, lane: _Lane) -> None:
        receiver = self._receivers[delivery.receiver_id]
        answer = await self._tell[receiver.kind].tell(delivery, receiver, self._clock.now())
        now = self._clock.now()
        verdict = deliver.judge(answer, delivery, lane.state, self._settings.schedule, now, self._clock.luck())
        before, lane.state = lane.state, deliver.receiver_after(answer, lane.state, now)
        if verdict.receiver_pause_until is not None:
            lane.state = replace(lane.state, paused_until=verdict.receiver_pause_until)
        back = answer.outcome is Attempt.OK and before.failures >= DOWN_AFTER
        if await self._settle(delivery, answer, verdict, lane.state, release=back, now=now):
            self._meter.attempted(delivery, answer, verdict, now)
            self._log(delivery, receiver, answer, verdict, before, now)

    async def _settle(
        self,
        delivery: Delivery,
        answer: Answer,
        verdict: Verdict,
        state: ReceiverState,
        *,
        release: bool,
        now: datetime,
    ) -> bool:
        """Write the verdict down, however long the store takes: what was sent must not be sent again."""
        while True:
            try:
                claimed = self._claims.get(delivery.id, delivery)
                return await self._outbox.settle(claimed, answer, verdict, state, release=release, now=now)
            except StorageError as error:
                _log.warning("delivery %s cannot be written down, trying again: %s", delivery.id, error)
                await asyncio.sleep(STORE_RETRY.total_seconds())

    def _log(
        self,
        delivery: Delivery,
        receiver: Receiver,
        answer: Answer,
        verdict: Verdict,
        before: ReceiverState,
        now: datetime,
    ) -> None:
        self.tally[f"deliveries {verdict.state if verdict.state is not DeliveryState.PENDING else 'retried'}"] += 1
        fields = {
            "receiver": receiver.id,
            "delivery": delivery.id,
            "alert": delivery.alert.id,
            "outcome": answer.outcome.value,
            "attempt": delivery.attempts + 1,
        }
        what = _what(delivery)
        if verdict.state is DeliveryState.DELIVERED:
            if before.failures >= DOWN_AFTER:
                _log.info("receiver %s answers again", receiver.id, extra=fields)
            if receiver.kind is not ReceiverKind.LOG:  # whose delivery is a log line already
                took = (now - delivery.created_at).total_seconds()
                _log.info("delivered to %s after %.1f s: %s", receiver.id, took, what, extra=fields)
        elif verdict.state is DeliveryState.DEAD:
            text = "gave up delivering to %s (%s): %s; replay it with `newsmon deliveries replay %s`"
            _log.error(text, receiver.id, verdict.death, what, delivery.id, extra=fields)
        else:
            again = verdict.next_attempt_at.isoformat(timespec="seconds") if verdict.next_attempt_at else "later"
            _log.warning(
                "attempt %d at %s failed (%s), again at %s: %s",
                delivery.attempts + 1,
                receiver.id,
                answer.detail or answer.outcome,
                again,
                what,
                extra=fields,
            )


def _what(delivery: Delivery) -> str:
    """What a delivery tells, on one line."""
    alert = delivery.alert
    if alert.type is not EventType.ALERT_CREATED:
        message = alert.data.get("message")
        return f"{alert.type}: {message}" if message else alert.type.value
    items = alert.data.get("items")
    first = items[0] if isinstance(items, list) and items else {}
    return f"{alert.severity} {', '.join(alert.topics)}: {first.get('title', '')} ({first.get('publisher', '')})"
