"""ports: what the loops and the web need of the world, each promise on the method that keeps it. The adapters fulfil them; tests bring their own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from monitor.model.alert import Alert, Decision
from monitor.model.delivery import Answer, Delivery, DeliveryState, Receiver, ReceiverState, Verdict
from monitor.model.feed import FeedState, FeedWord
from monitor.model.ids import DeliveryId, FeedId, ItemId, ReceiverId, TopicId
from monitor.model.item import Keys, Neighbours, Parsed, ParseFailure, StoredItem
from monitor.model.poll import Document, FetchFailure, PollResult, Request, Response
from monitor.model.severity import Severity
from monitor.model.topic import Match

T = TypeVar("T")


class StorageError(Exception):
    """The store could not do it: nothing was written. `kind` is one word of `newsmon_db_errors_total{kind}`."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail


class Clock(Protocol):
    """Time and luck."""

    def now(self) -> datetime: ...  # aware UTC
    def luck(self) -> float: ...  # in [0, 1)
    def token(self) -> str: ...  # never given before: fences a claim


class Fetch(Protocol):
    async def fetch(self, request: Request) -> Response | FetchFailure: ...  # never raises for what a server does


class Parse(Protocol):
    async def parse(
        self, document: Document, now: datetime
    ) -> Parsed | ParseFailure: ...  # never raises for what a document does


class Tell(Protocol):
    """One kind of receiver."""

    async def tell(self, delivery: Delivery, receiver: Receiver, now: datetime) -> Answer: ...

    # ^ one attempt; never raises for what a receiver does


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """An entry in a feed's document, after dedupe: the item that it is, and its keys there."""

    stored: StoredItem
    keys: Keys
    is_new: bool  # the item is not in the store yet
    words_changed: bool  # the stored item's words are to be replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedMatch:
    """A match with what was decided about it; `alert` is the alert that tells it, if one does."""

    item_id: ItemId
    match: Match
    decision: Decision
    alert: Alert | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """What the store knows of an item that is listed again."""

    first_seen: datetime
    topics: frozenset[TopicId]  # that were told for it, or held: an edit tells them no more
    unrouted: frozenset[TopicId]  # that matched, but that no route took


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An item of a baseline with the topics that it matched, and how loudly."""

    feed_id: FeedId
    title: str
    link: str
    publisher: str
    topics: tuple[tuple[TopicId, Severity], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """Baselines that no summary has told: since when the oldest waits, the feeds, what they hold (newest first), and how many feeds
    were never polled.
    """

    since: datetime | None
    feeds: tuple[FeedId, ...]
    held: tuple[Held, ...]
    never_polled: int


class Ledger(Protocol):
    """The store as the transaction of one poll sees it: everything here is committed together, or not at all."""

    def neighbours(self, feed_id: FeedId, wanted: Sequence[tuple[Keys, ItemId]]) -> list[Neighbours]: ...
    def known(self, items: Sequence[ItemId]) -> Mapping[ItemId, KnownItem]: ...
    def write_items(self, feed_id: FeedId, sightings: Sequence[Sighting], now: datetime) -> None: ...
    def write_matches(self, matches: Sequence[DecidedMatch], now: datetime) -> None: ...
    def write_alert(
        self, alert: Alert, receivers: Sequence[tuple[DeliveryId, ReceiverId]]
    ) -> int: ...  # deliveries that are new
    def write_feed(self, state: FeedState) -> None: ...
    def disabled(self, receiver_id: ReceiverId) -> bool: ...  # until a person enables it again


class FeedBook(Protocol):
    """The feeds as the poll loop sees them."""

    async def claim_due(self, now: datetime, limit: int, until: datetime) -> list[FeedState]: ...
    # ^ due and unclaimed, at most one a host and none of a host that is being polled; nobody else gets them before `until`
    async def record(self, state: FeedState) -> None: ...  # a poll that brought nothing new: releases the claim
    async def astray(
        self, now: datetime
    ) -> list[FeedState]: ...  # overdue, or waiting for a time that no poll can have set
    async def unreached(self) -> list[FeedId]: ...  # whose last poll found no network
    async def move(self, due: Mapping[FeedId, datetime]) -> None: ...  # those feeds are polled then
    async def rest_host(
        self, feed_id: FeedId, until: datetime
    ) -> None: ...  # no feed on its host is polled before then
    async def commit(self, work: Callable[[Ledger], T]) -> T: ...  # one transaction; `work` may run more than once


class Outbox(Protocol):
    """The deliveries as the deliver loop sees them."""

    async def claim(
        self, now: datetime, until: datetime, token: str, room: Mapping[ReceiverId, int]
    ) -> list[Delivery]: ...
    # ^ due rows, oldest first, at most `room` of each receiver; nobody else gets them before `until`
    async def settle(
        self,
        delivery: Delivery,
        answer: Answer,
        verdict: Verdict,
        receiver: ReceiverState,
        *,
        release: bool,
        now: datetime,
    ) -> bool: ...  # False: the claim was lost and another one settles it; `release`: all that waits for the receiver is due now
    async def receiver(self, receiver_id: ReceiverId) -> ReceiverState: ...
    async def reclaim(self) -> int: ...  # at start: takes back every claim of earlier runs


class Upkeep(Protocol):
    """The store as housekeeping sees it. Every `forget_*` deletes one batch and says how many rows that were."""

    async def forget_items(
        self, before: datetime
    ) -> int: ...  # items first seen before then that no feed lists any more
    async def forget_keys(self, before: datetime) -> int: ...  # identity keys last listed before then
    async def forget_deliveries(self, state: DeliveryState, before: datetime) -> int: ...
    async def forget_alerts(self, before: datetime) -> int: ...  # that no delivery tells any more
    async def tidy(self) -> None: ...  # gives space back to the file system
    async def untold(self) -> Untold: ...
    async def tell_baselines(
        self, feeds: Sequence[FeedId], told: Sequence[tuple[Alert, DeliveryId, ReceiverId]], now: datetime
    ) -> None: ...

    # ^ one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What one parsed poll brought, for logs and metrics."""

    feed_id: FeedId
    baseline: bool
    entries: int
    new_items: int
    edited: int
    repeats: int
    truncated: int
    rolled_off: bool = False  # nothing of the document was known: items may have been lost
    matches: tuple[tuple[TopicId, Decision], ...] = ()
    alerts: tuple[Alert, ...] = ()
    alerted_topics: tuple[tuple[TopicId, Severity], ...] = ()
    operations: tuple[Alert, ...] = ()  # what an operator is told of the feed
    publish_to_seen: tuple[timedelta, ...] = ()  # of new items with a published date, outside baselines


class Meter(Protocol):
    """What is counted. Each method is one event of the chain."""

    def polled(self, feed_id: FeedId, result: PollResult) -> None: ...
    def ingested(
        self, ingested: Ingested, stages: Mapping[str, timedelta]
    ) -> None: ...  # stages: fetch, parse, dedup, match, commit
    def attempted(self, delivery: Delivery, answer: Answer, verdict: Verdict, now: datetime) -> None: ...
    def ran(self, job: str, outcome: str) -> None: ...  # ok, error, missed, skipped
    def lagged(self, lag: timedelta) -> None: ...  # a poll started that much after it was due
    def committed(self, took: timedelta) -> None: ...
    def storage_failed(self, kind: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedGauge:
    """One feed in a snapshot."""

    feed_id: FeedId
    title: str
    host: str
    word: FeedWord
    failures: int
    interval: timedelta  # in force
    configured: timedelta
    last_success_at: datetime | None
    last_new_item_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What the store says of itself at one moment: the gauges of /metrics come from here."""

    feeds: tuple[FeedGauge, ...]
    overdue_feeds: int
    pending: Mapping[ReceiverId, int]
    oldest_pending_at: Mapping[ReceiverId, datetime]
    topic_last_match_at: Mapping[TopicId, datetime]
    size_bytes: int
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the daemon lives and can do its work; `problems` are sentences for a person."""

    alive: bool  # the loop moves: the scheduler ticked within the last minute
    ready: bool  # the database takes writes, the configuration is loaded, the scheduler ticks
    problems: tuple[str, ...] = ()
