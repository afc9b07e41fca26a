"""metrics: the events of the chain and a snapshot of the store in, /metrics out.

The only room that imports prometheus_client. Labels are configured ids or closed sets, whose series stand at 0 from
the start; nothing that a feed says becomes a label, its title on `newsmon_feed_info` apart. What the store knows is
read from the store, so that it is right after a restart too.
"""

import asyncio
import logging
import platform
import time
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    make_asgi_app,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from monitor.model.alert import Decision, EventType
from monitor.model.delivery import Answer, Attempt, Death, Delivery, Verdict
from monitor.model.feed import FeedWord
from monitor.model.ids import FeedId, ReceiverId, TopicId
from monitor.model.poll import Outcome, PollResult
from monitor.model.severity import Severity
from monitor.ports import FeedGauge, Ingested, Snapshot

# Above that many feeds only those in trouble have series of their own: 10,000 would cost a second a scrape.
PER_FEED_MAX = 2_000
TITLE_CHARS_MAX = 200
SNAPSHOT_CACHE = timedelta(seconds=5)
SNAPSHOT_MAX = timedelta(seconds=1)  # how long a scrape waits for the store before it gets the last snapshot

STAGES = ("fetch", "parse", "dedup", "match", "commit")
DROPS = ("baseline", "duplicate", "truncated")
RUNS = ("ok", "error", "missed", "skipped")
STORAGE_FAILURES = ("locked", "full", "readonly", "corrupt", "other")
UNTROUBLED = frozenset({FeedWord.OK, FeedWord.PAUSED})

POLL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
STAGE_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30)
NEWS_SECONDS = (1, 5, 10, 30, 60, 300, 900, 3600, 21600)
PUBLISH_SECONDS = (60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400)
ATTEMPT_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30)
LAG_SECONDS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
WRITE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGI = Callable[[Message, Receive, Send], Awaitable[None]]


class Metrics:
    """Fulfils `ports.Meter`, and serves /metrics. `snapshot` is called in a thread and may block or raise."""

    def __init__(
        self,
        *,
        version: str,
        revision: str,
        started_at: datetime,
        topics: Sequence[TopicId],
        receivers: Sequence[ReceiverId],
        snapshot: Callable[[], Snapshot],
        last_tick: Callable[[], datetime | None],
        snapshot_max: timedelta = SNAPSHOT_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        counter = partial(Counter, registry=self._registry)
        histogram = partial(Histogram, registry=self._registry)

        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        Gauge(
            "newsmon_build_info", "Build information", ("version", "revision", "python"), registry=self._registry
        ).labels(version, revision, platform.python_version()).set(1)

        self._polls = counter("newsmon_polls_total", "Finished polls by outcome", ("outcome",))
        self._poll_seconds = histogram("newsmon_feed_poll_duration_seconds", "Fetch to commit", buckets=POLL_SECONDS)
        self._stage_seconds = histogram(
            "newsmon_poll_stage_duration_seconds", "By pipeline stage", ("stage",), buckets=STAGE_SECONDS
        )
        self._bytes = counter("newsmon_fetch_response_bytes_total", "Decoded bytes read")
        self._dropped = counter("newsmon_items_dropped_total", "Items not processed further", ("reason",))
        self._publish_to_seen = histogram(
            "newsmon_publish_to_seen_seconds",
            "Published date to first seen (sane dates only)",
            buckets=PUBLISH_SECONDS,
        )

        self._topic_matches = counter("newsmon_topic_matches_total", "Items that matched", ("topic",))
        self._decisions = counter("newsmon_match_decisions_total", "Matches by what was decided", ("decision",))
        self._item_to_match = histogram(
            "newsmon_item_to_match_seconds", "First seen to committed match", buckets=NEWS_SECONDS
        )
        self._alerts = counter("newsmon_alerts_total", "Alerts written to the outbox", ("topic", "severity"))

        self._attempts = counter("newsmon_delivery_attempts_total", "Attempts", ("receiver", "outcome"))
        self._attempt_seconds = histogram(
            "newsmon_delivery_attempt_duration_seconds", "One attempt", ("receiver",), buckets=ATTEMPT_SECONDS
        )
        self._end_to_end = histogram(
            "newsmon_alert_end_to_end_seconds", "Item first seen to 2xx", ("receiver",), buckets=NEWS_SECONDS
        )
        self._dead = counter("newsmon_deliveries_dead_total", "Given up", ("receiver", "reason"))

        self._runs = counter("newsmon_scheduler_runs_total", "Job runs", ("job", "outcome"))
        self._lag = histogram("newsmon_scheduler_lag_seconds", "Start minus due", buckets=LAG_SECONDS)
        self._write_seconds = histogram("newsmon_db_write_duration_seconds", "Commit time", buckets=WRITE_SECONDS)
        self._storage_failures = counter("newsmon_db_errors_total", "By kind", ("kind",))

        _start_at_zero(self._polls, Outcome)
        _start_at_zero(self._stage_seconds, STAGES)
        _start_at_zero(self._dropped, DROPS)
        _start_at_zero(self._topic_matches, topics)
        _start_at_zero(self._decisions, Decision)
        _start_at_zero(self._alerts, topics, Severity)
        _start_at_zero(self._attempts, receivers, Attempt)
        _start_at_zero(self._attempt_seconds, receivers)
        _start_at_zero(self._end_to_end, receivers)
        _start_at_zero(self._dead, receivers, Death)
        _start_at_zero(self._storage_failures, STORAGE_FAILURES)

        self._store = _Store(topics, receivers, started_at, snapshot, last_tick, snapshot_max, monotonic)
        self._registry.register(self._store)

    def asgi(self) -> ASGI:
        """What is served under /metrics. A store that hangs makes its gauges old, never the answer late."""
        exposition = make_asgi_app(self._registry)

        async def app(scope: Message, receive: Receive, send: Send) -> None:
            await self._store.refresh()
            await exposition(scope, receive, send)

        return app

    def polled(self, feed_id: FeedId, result: PollResult) -> None:  # noqa: ARG002  a feed is no label of an event counter
        self._polls.labels(result.outcome).inc()
        self._bytes.inc(result.bytes_read)
        if result.outcome is not Outcome.NEW:  # what is new goes on to its commit, which `ingested` tells
            self._poll_seconds.observe(result.elapsed.total_seconds())

    def ingested(self, ingested: Ingested, stages: Mapping[str, timedelta]) -> None:
        for stage, took in stages.items():
            self._stage_seconds.labels(stage).observe(took.total_seconds())
        total = sum(stages.values(), timedelta())
        self._poll_seconds.observe(total.total_seconds())

        self._store.ingested[ingested.feed_id] += ingested.new_items
        self._store.rolloffs[ingested.feed_id] += ingested.rolled_off
        self._dropped.labels("duplicate").inc(ingested.repeats)
        self._dropped.labels("truncated").inc(ingested.truncated)
        if ingested.baseline:
            told = {item for alert in ingested.alerts if alert.type is EventType.ALERT_CREATED for item in alert.items}
            self._dropped.labels("baseline").inc(max(0, ingested.new_items - len(told)))
        for delay in ingested.publish_to_seen:
            self._publish_to_seen.observe(delay.total_seconds())

        seen_to_commit = total - stages.get("fetch", timedelta())
        for topic, decision in ingested.matches:
            self._decisions.labels(decision).inc()
            if decision is not Decision.BASELINE:  # a surge would be seen in every feed that is added
                self._topic_matches.labels(topic).inc()
                self._item_to_match.observe(seen_to_commit.total_seconds())
        for topic, severity in ingested.alerted_topics:
            self._alerts.labels(topic, severity).inc()

    def attempted(self, delivery: Delivery, answer: Answer, verdict: Verdict, now: datetime) -> None:
        receiver = delivery.receiver_id
        self._attempts.labels(receiver, answer.outcome).inc()
        self._attempt_seconds.labels(receiver).observe(answer.elapsed.total_seconds())
        if answer.outcome is Attempt.OK and delivery.alert.type is EventType.ALERT_CREATED:
            self._end_to_end.labels(receiver).observe(max(0.0, (now - delivery.alert.created_at).total_seconds()))
        if verdict.death is not None:
            self._dead.labels(receiver, verdict.death).inc()

    def ran(self, job: str, outcome: str) -> None:
        _start_at_zero(self._runs, (job,), RUNS)  # jobs have no list: the first run of one makes it known
        self._runs.labels(job, outcome).inc()

    def lagged(self, lag: timedelta) -> None:
        self._lag.observe(max(0.0, lag.total_seconds()))

    def committed(self, took: timedelta) -> None:
        self._write_seconds.observe(took.total_seconds())

    def storage_failed(self, kind: str) -> None:
        self._storage_failures.labels(kind).inc()


class _Store:
    """The gauges that the store feeds, from its last snapshot; a collector for prometheus_client."""

    def __init__(
        self,
        topics: Sequence[TopicId],
        receivers: Sequence[ReceiverId],
        started_at: datetime,
        take: Callable[[], Snapshot],
        last_tick: Callable[[], datetime | None],
        snapshot_max: timedelta,
        monotonic: Callable[[], float],
    ) -> None:
        self.ingested: Tally[FeedId] = Tally()  # new items; here, because its series follow the snapshot's feeds
        self.rolloffs: Tally[FeedId] = Tally()
        self._topics = topics
        self._receivers = receivers
        self._started_at = started_at
        self._take = take
        self._last_tick = last_tick
        self._snapshot_max = snapshot_max
        self._monotonic = monotonic
        self._snapshot: Snapshot | None = None
        self._fresh_until = monotonic()
        self._asking: asyncio.Task[None] | None = None
        self._failing = False

    async def refresh(self) -> None:
        """Takes a new snapshot if the last one is old: waits at most `snapshot_max`, and never asks twice at a time."""
        if self._asking is None or self._asking.done():
            if self._monotonic() < self._fresh_until:
                return
            self._asking = asyncio.create_task(self._ask())
        _, late = await asyncio.wait({self._asking}, timeout=self._snapshot_max.total_seconds())
        if late:
            self._complain("it does not answer in time")

    def collect(self) -> Iterator[Metric]:
        tick = self._last_tick()
        if tick is not None:
            yield GaugeMetricFamily(
                "newsmon_scheduler_last_tick_timestamp_seconds", "Heartbeat of the dispatcher", tick.timestamp()
            )
        snapshot = self._snapshot
        if snapshot is None:
            return
        yield GaugeMetricFamily("newsmon_scheduler_overdue_feeds", "Due, not started", snapshot.overdue_feeds)
        yield GaugeMetricFamily("newsmon_db_size_bytes", "DB + WAL", snapshot.size_bytes)
        words = Tally(feed.word for feed in snapshot.feeds)
        yield _gauges("newsmon_feeds", "Feeds by state", "state", ((word, words[word]) for word in FeedWord))
        yield _gauges(
            "newsmon_topic_last_match_timestamp_seconds",
            "Last match; start of newsmon when none yet",
            "topic",
            ((topic, snapshot.topic_last_match_at.get(topic, self._started_at).timestamp()) for topic in self._topics),
        )
        receivers = dict.fromkeys((*self._receivers, *snapshot.pending))  # a removed one may have rows left
        yield _gauges(
            "newsmon_outbox_pending",
            "Deliveries not final",
            "receiver",
            ((receiver, snapshot.pending.get(receiver, 0)) for receiver in receivers),
        )
        yield _gauges(
            "newsmon_outbox_oldest_pending_timestamp_seconds",
            "Creation time of the oldest; 0 = none",
            "receiver",
            ((receiver, _timestamp(snapshot.oldest_pending_at.get(receiver)) or 0) for receiver in receivers),
        )
        yield from self._of_each_feed(snapshot.feeds)

    def _of_each_feed(self, feeds: Sequence[FeedGauge]) -> Iterator[Metric]:
        if len(feeds) > PER_FEED_MAX:
            feeds = [feed for feed in feeds if feed.word not in UNTROUBLED]
        for name, text, tally in (
            ("newsmon_items_ingested", "New items stored", self.ingested),
            ("newsmon_feed_rolloffs", "Documents without any known entry: items may have been lost", self.rolloffs),
        ):
            family = CounterMetricFamily(name, text, labels=("feed",))
            for feed in feeds:
                family.add_metric((feed.feed_id,), tally[feed.feed_id])
            yield family
        for name, text, value in FEED_GAUGES:
            yield _gauges(name, text, "feed", ((feed.feed_id, value(feed)) for feed in feeds))
        info = GaugeMetricFamily(
            "newsmon_feed_info",
            "Static description; join with group_left",
            labels=("feed", "title", "host", "state"),
        )
        for feed in feeds:
            title = feed.title[:TITLE_CHARS_MAX].encode("utf-8", "replace").decode()  # a lone surrogate has no UTF-8
            info.add_metric((feed.feed_id, title, feed.host, feed.word), 1)
        yield info

    async def _ask(self) -> None:
        try:
            self._snapshot = await asyncio.to_thread(self._take)
        except Exception as failure:  # noqa: BLE001  whatever ails the store, /metrics is where one looks for it
            self._complain(str(failure))
        else:
            self._failing = False
        finally:
            self._fresh_until = self._monotonic() + SNAPSHOT_CACHE.total_seconds()

    def _complain(self, why: str) -> None:
        if not self._failing:
            log.warning("the gauges of /metrics stay as they are until the database answers", extra={"error": why})
        self._failing = True


def _timestamp(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


# Every metric that has one gauge a feed: name, help, value.
FEED_GAUGES: tuple[tuple[str, str, Callable[[FeedGauge], float | None]], ...] = (
    ("newsmon_feed_last_success_timestamp_seconds", "Last 200 or 304", lambda feed: _timestamp(feed.last_success_at)),
    ("newsmon_feed_last_new_item_timestamp_seconds", "Last new item", lambda feed: _timestamp(feed.last_new_item_at)),
    ("newsmon_feed_consecutive_failures", "Failed polls since last success", lambda feed: feed.failures),
    ("newsmon_feed_poll_interval_seconds", "Interval in force", lambda feed: feed.interval.total_seconds()),
    (
        "newsmon_feed_configured_interval_seconds",
        "Interval as configured",
        lambda feed: feed.configured.total_seconds(),
    ),
)


def _gauges(name: str, text: str, label: str, values: Iterable[tuple[str, float | None]]) -> Metric:
    """A gauge by one label; what is None has no series."""
    family = GaugeMetricFamily(name, text, labels=(label,))
    for key, value in values:
        if value is not None:
            family.add_metric((key,), value)
    return family


def _start_at_zero(metric: Counter | Histogram, *labels: Iterable[str]) -> None:
    """Makes every series of closed sets exist: a rate over a series that is born at 1 misses its first event."""
    for values in product(*labels):
        metric.labels(*values)
