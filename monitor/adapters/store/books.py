"""books: the store as the loops see it: what `ports` promises, kept by the rooms beside this one."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from monitor.adapters.store import alerts, deliveries, feeds, items, matches, receivers
from monitor.adapters.store.open import Store
from monitor.model.alert import Alert, Decision
from monitor.model.delivery import Answer, Delivery, DeliveryState, ReceiverState, Verdict
from monitor.model.feed import FeedState
from monitor.model.ids import DeliveryId, FeedId, ItemId, ReceiverId
from monitor.model.item import Keys, Neighbours
from monitor.ports import DecidedMatch, KnownItem, Ledger, Sighting, Untold

T = TypeVar("T")

GATHER_SECONDS = (
    0.02  # that a poll without news may wait for others: a commit for each would cost more than the rest of it
)
BATCH_ROWS = 1_000  # deleted in one transaction, so that no other writer waits long


@dataclass(frozen=True, slots=True)
class StoreLedger:
    """One transaction, as `ports.Ledger`."""

    tx: Connection

    def neighbours(self, feed_id: FeedId, wanted: Sequence[tuple[Keys, ItemId]]) -> list[Neighbours]:
        return items.neighbours(self.tx, feed_id, wanted)

    def known(self, ids: Sequence[ItemId]) -> Mapping[ItemId, KnownItem]:
        decisions = matches.decisions_of(self.tx, ids)
        return {
            item: KnownItem(
                first_seen=first_seen,
                topics=frozenset(topic for topic, word in decisions.get(item, ()) if word is not Decision.NO_ROUTE),
                unrouted=frozenset(topic for topic, word in decisions.get(item, ()) if word is Decision.NO_ROUTE),
            )
            for item, first_seen in items.first_seen(self.tx, ids).items()
        }

    def write_items(self, feed_id: FeedId, sightings: Sequence[Sighting], now: datetime) -> None:
        items.write(self.tx, feed_id, sightings, now)

    def write_matches(self, decided: Sequence[DecidedMatch], now: datetime) -> None:
        matches.write(self.tx, decided, now)

    def write_alert(self, alert: Alert, to: Sequence[tuple[DeliveryId, ReceiverId]]) -> int:
        return alerts.write(self.tx, alert, to)

    def write_feed(self, state: FeedState) -> None:
        feeds.put(self.tx, state)

    def disabled(self, receiver_id: ReceiverId) -> bool:
        return receivers.get(self.tx, receiver_id).disabled_at is not None


class StoreFeedBook:
    """The feeds, as `ports.FeedBook`. States that are recorded at about the same time are written together."""

    def __init__(self, store: Store, gather_seconds: float = GATHER_SECONDS) -> None:
        self.store = store
        self._gather_seconds = gather_seconds
        self._waiting: list[tuple[FeedState, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def claim_due(self, now: datetime, limit: int, until: datetime) -> list[FeedState]:
        return await self.store.write(lambda tx: feeds.claim_due(tx, now, limit, until))

    async def record(self, state: FeedState) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((state, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_what_waits())
        await done

    async def _write_what_waits(self) -> None:
        """While some states wait or are written, others gather."""
        while self._waiting:
            await asyncio.sleep(self._gather_seconds)
            batch, self._waiting = self._waiting, []
            failed: Exception | None = None
            try:
                await self.store.write(lambda tx, batch=batch: feeds.put(tx, *(state for state, _ in batch)))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001  whatever it is, each poll that waits must hear it
                failed = error
            for _, done in batch:
                if done.done():  # a poll that was given up
                    continue
                if failed is None:
                    done.set_result(None)
                else:
                    done.set_exception(failed)

    async def commit(self, work: Callable[[Ledger], T]) -> T:
        return await self.store.write(lambda tx: work(StoreLedger(tx)))

    async def astray(self, now: datetime) -> list[FeedState]:
        return await self.store.read(lambda tx: feeds.astray(tx, now))

    async def unreached(self) -> list[FeedId]:
        return await self.store.read(feeds.unreached)

    async def move(self, due: Mapping[FeedId, datetime]) -> None:
        await self.store.write(lambda tx: feeds.move(tx, due))

    async def rest_host(self, feed_id: FeedId, until: datetime) -> None:
        await self.store.write(lambda tx: feeds.rest_host(tx, feed_id, until))


@dataclass(frozen=True, slots=True)
class StoreUpkeep:
    """The store's housekeeping, as `ports.Upkeep`."""

    store: Store

    async def forget_items(self, before: datetime) -> int:
        return await self.store.write(lambda tx: items.forget(tx, before, BATCH_ROWS))

    async def forget_keys(self, before: datetime) -> int:
        return await self.store.write(lambda tx: items.forget_keys(tx, before, BATCH_ROWS))

    async def forget_deliveries(self, state: DeliveryState, before: datetime) -> int:
        return await self.store.write(lambda tx: deliveries.forget(tx, state, before, BATCH_ROWS))

    async def forget_alerts(self, before: datetime) -> int:
        return await self.store.write(lambda tx: alerts.forget(tx, before, BATCH_ROWS))

    async def tidy(self) -> None:
        await self.store.tidy()

    async def untold(self) -> Untold:
        return await self.store.read(_untold)

    async def tell_baselines(
        self, told_feeds: Sequence[FeedId], told: Sequence[tuple[Alert, DeliveryId, ReceiverId]], now: datetime
    ) -> None:
        def work(tx: Connection) -> None:
            feeds.tell_baselines(tx, told_feeds, now)
            for alert, delivery, receiver in told:
                alerts.write(tx, alert, [(delivery, receiver)])

        await self.store.write(work)


def _untold(tx: Connection) -> Untold:
    states, never_polled = feeds.untold_baselines(tx)
    ids = tuple(state.feed_id for state in states)
    return Untold(
        since=min((state.baseline_at for state in states if state.baseline_at is not None), default=None),
        feeds=ids,
        held=tuple(matches.held(tx, ids)),
        never_polled=never_polled,
    )


@dataclass(frozen=True, slots=True)
class StoreOutbox:
    """The deliveries, as `ports.Outbox`."""

    store: Store

    async def claim(self, now: datetime, until: datetime, token: str, room: Mapping[ReceiverId, int]) -> list[Delivery]:
        return await self.store.write(lambda tx: deliveries.claim(tx, now, until, token, room))

    async def settle(
        self,
        delivery: Delivery,
        answer: Answer,
        verdict: Verdict,
        receiver: ReceiverState,
        *,
        release: bool,
        now: datetime,
    ) -> bool:
        return await self.store.write(
            lambda tx: deliveries.settle(tx, delivery, answer, verdict, receiver, release=release, now=now)
        )

    async def receiver(self, receiver_id: ReceiverId) -> ReceiverState:
        return await self.store.read(lambda tx: receivers.get(tx, receiver_id))

    async def reclaim(self) -> int:
        return await self.store.write(deliveries.unclaim)
