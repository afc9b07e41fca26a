import asyncio
import gzip
import logging
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from monitor.adapters.metrics import PER_FEED_MAX, Metrics
from monitor.model.alert import Alert, Decision, EventType
from monitor.model.delivery import Answer, Attempt, Death, Delivery, DeliveryState, Verdict
from monitor.model.feed import FeedWord
from monitor.model.ids import AlertId, DeliveryId, FeedId, ItemId, ReceiverId, TopicId
from monitor.model.poll import Outcome, PollResult
from monitor.model.severity import Severity
from monitor.ports import FeedGauge, Ingested, Meter, Snapshot, StorageError

NOW = datetime(2025, 2, 24, 10, tzinfo=UTC)
START = NOW - timedelta(days=1)
BBC, PEACE, DESK = FeedId("bbc"), TopicId("peace-talks"), ReceiverId("desk")
STAGES = {
    "fetch": timedelta(seconds=2),
    "parse": timedelta(seconds=0.5),
    "dedup": timedelta(seconds=0.1),
    "match": timedelta(seconds=0.2),
    "commit": timedelta(seconds=0.7),
}

Samples = dict[str, float]  # `name{label="value"}`, labels in the order of the alphabet -> value


def gauge(feed_id: str = "bbc", **fields: object) -> FeedGauge:
    defaults: dict[str, object] = {
        "feed_id": FeedId(feed_id),
        "title": "BBC News",
        "host": "feeds.example",
        "word": FeedWord.OK,
        "failures": 0,
        "interval": timedelta(minutes=5),
        "configured": timedelta(minutes=5),
        "last_success_at": NOW,
        "last_new_item_at": NOW,
    }
    return FeedGauge(**(defaults | fields))  # type: ignore[arg-type]


def snapshot(*feeds: FeedGauge, **fields: object) -> Snapshot:
    defaults: dict[str, object] = {
        "feeds": feeds or (gauge(),),
        "overdue_feeds": 0,
        "pending": {},
        "oldest_pending_at": {},
        "topic_last_match_at": {},
        "size_bytes": 4096,
        "taken_at": NOW,
    }
    return Snapshot(**(defaults | fields))  # type: ignore[arg-type]


def metrics(
    take: Callable[[], Snapshot] = snapshot,
    *,
    last_tick: datetime | None = NOW,
    snapshot_max: timedelta = timedelta(seconds=30),
    monotonic: Callable[[], float] = lambda: 0.0,
) -> Metrics:
    return Metrics(
        version="0.1.0",
        revision="abc",
        started_at=START,
        topics=(PEACE,),
        receivers=(DESK,),
        snapshot=take,
        last_tick=lambda: last_tick,
        snapshot_max=snapshot_max,
        monotonic=monotonic,
    )


async def get(served: Metrics, **headers: str) -> bytes:
    """The body of GET /metrics."""
    body = b""

    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    async def send(message: dict[str, object]) -> None:
        nonlocal body
        assert message.get("status", 200) == 200
        part = message.get("body", b"")
        assert isinstance(part, bytes)
        body += part

    asked = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await served.asgi()({"type": "http", "query_string": b"", "headers": asked}, receive, send)  # type: ignore[arg-type]
    return body


async def scrape(served: Metrics) -> Samples:
    """Every sample that is newsmon's own."""
    found = {}
    for family in text_string_to_metric_families((await get(served)).decode()):
        for sample in family.samples:
            if sample.name.startswith("newsmon_"):
                labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
                found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


def changed(act: Callable[[Meter], None]) -> Samples:
    """What an event adds to which series; the buckets of histograms apart."""
    served = metrics()

    async def play() -> Samples:
        before = await scrape(served)
        act(served)
        after = await scrape(served)
        assert set(before) <= set(after)
        return {
            name: round(after[name] - before.get(name, 0), 6)
            for name in after
            if after[name] != before.get(name, 0) and "_bucket{" not in name
        }

    return asyncio.run(play())


def alert(kind: EventType = EventType.ALERT_CREATED, items: tuple[str, ...] = ("i1",)) -> Alert:
    return Alert(
        id=AlertId("a1"),
        type=kind,
        severity=Severity.HIGH,
        created_at=NOW - timedelta(seconds=20),
        items=tuple(ItemId(item) for item in items),
        topics=(PEACE,),
        data={},
    )


def delivery(kind: EventType = EventType.ALERT_CREATED) -> Delivery:
    return Delivery(
        id=DeliveryId("d1"),
        receiver_id=DESK,
        alert=alert(kind),
        sequence=1,
        state=DeliveryState.PENDING,
        attempts=0,
        created_at=NOW - timedelta(seconds=20),
        next_attempt_at=NOW,
    )


def ingested(**fields: object) -> Ingested:
    counts = {"entries": 30, "new_items": 0, "edited": 0, "repeats": 0, "truncated": 0}
    return Ingested(**({"feed_id": BBC, "baseline": False} | counts | fields))  # type: ignore[arg-type]


def answer(outcome: Attempt) -> Answer:
    return Answer(outcome=outcome, elapsed=timedelta(seconds=0.5))


STAGE_SAMPLES = {
    f'newsmon_poll_stage_duration_seconds_{what}{{stage="{stage}"}}': value
    for stage, took in STAGES.items()
    for what, value in (("sum", took.total_seconds()), ("count", 1))
} | {"newsmon_feed_poll_duration_seconds_sum": 3.5, "newsmon_feed_poll_duration_seconds_count": 1}

POLL = PollResult(outcome=Outcome.NOT_MODIFIED, detail="304", at=NOW, elapsed=timedelta(seconds=0.25), bytes_read=1000)

EVENTS: dict[str, tuple[Callable[[Meter], None], Samples]] = {
    "a poll that brings nothing": (
        lambda meter: meter.polled(BBC, POLL),
        {
            'newsmon_polls_total{outcome="not_modified"}': 1,
            "newsmon_fetch_response_bytes_total": 1000,
            "newsmon_feed_poll_duration_seconds_sum": 0.25,
            "newsmon_feed_poll_duration_seconds_count": 1,
        },
    ),
    "a poll whose duration ends with its commit": (
        lambda meter: meter.polled(BBC, PollResult(outcome=Outcome.NEW, detail="200", at=NOW, bytes_read=5)),
        {'newsmon_polls_total{outcome="new"}': 1, "newsmon_fetch_response_bytes_total": 5},
    ),
    "a document with nothing new": (
        lambda meter: meter.ingested(ingested(repeats=30), STAGES),
        STAGE_SAMPLES | {'newsmon_items_dropped_total{reason="duplicate"}': 30},
    ),
    "a match that alerts, and one that no route takes": (
        lambda meter: meter.ingested(
            ingested(
                new_items=3,
                truncated=7,
                matches=((PEACE, Decision.FIRST_MATCH), (PEACE, Decision.NO_ROUTE)),
                alerts=(alert(),),
                alerted_topics=((PEACE, Severity.CRITICAL),),
                publish_to_seen=(timedelta(minutes=2), timedelta(minutes=4)),
            ),
            STAGES,
        ),
        STAGE_SAMPLES
        | {
            'newsmon_items_ingested_total{feed="bbc"}': 3,
            'newsmon_items_dropped_total{reason="truncated"}': 7,
            'newsmon_topic_matches_total{topic="peace-talks"}': 2,
            'newsmon_match_decisions_total{decision="first_match"}': 1,
            'newsmon_match_decisions_total{decision="no_route"}': 1,
            'newsmon_alerts_total{severity="critical",topic="peace-talks"}': 1,
            "newsmon_item_to_match_seconds_sum": 3.0,
            "newsmon_item_to_match_seconds_count": 2,
            "newsmon_publish_to_seen_seconds_sum": 360,
            "newsmon_publish_to_seen_seconds_count": 2,
        },
    ),
    "a document that lists nothing known": (
        lambda meter: meter.ingested(ingested(new_items=20, rolled_off=True), STAGES),
        STAGE_SAMPLES | {'newsmon_items_ingested_total{feed="bbc"}': 20, 'newsmon_feed_rolloffs_total{feed="bbc"}': 1},
    ),
    "a baseline that is held": (
        lambda meter: meter.ingested(
            ingested(
                baseline=True,
                new_items=30,
                matches=((PEACE, Decision.BASELINE),),
                alerts=(alert(EventType.BASELINE_SUMMARY, ("i1", "i2")),),
            ),
            STAGES,
        ),
        STAGE_SAMPLES
        | {
            'newsmon_items_ingested_total{feed="bbc"}': 30,
            'newsmon_items_dropped_total{reason="baseline"}': 30,
            'newsmon_match_decisions_total{decision="baseline"}': 1,
        },
    ),
    "a baseline that alerts what is recent": (
        lambda meter: meter.ingested(
            ingested(baseline=True, new_items=30, alerts=(alert(items=("i1",)), alert(items=("i1", "i2")))), STAGES
        ),
        STAGE_SAMPLES
        | {
            'newsmon_items_ingested_total{feed="bbc"}': 30,
            'newsmon_items_dropped_total{reason="baseline"}': 28,
        },
    ),
    "a delivery": (
        lambda meter: meter.attempted(
            delivery(), answer(Attempt.OK), Verdict(state=DeliveryState.DELIVERED), NOW + timedelta(seconds=10)
        ),
        {
            'newsmon_delivery_attempts_total{outcome="ok",receiver="desk"}': 1,
            'newsmon_delivery_attempt_duration_seconds_sum{receiver="desk"}': 0.5,
            'newsmon_delivery_attempt_duration_seconds_count{receiver="desk"}': 1,
            'newsmon_alert_end_to_end_seconds_sum{receiver="desk"}': 30,
            'newsmon_alert_end_to_end_seconds_count{receiver="desk"}': 1,
        },
    ),
    "a test event tells nothing of latency": (
        lambda meter: meter.attempted(
            delivery(EventType.TEST), answer(Attempt.OK), Verdict(state=DeliveryState.DELIVERED), NOW
        ),
        {
            'newsmon_delivery_attempts_total{outcome="ok",receiver="desk"}': 1,
            'newsmon_delivery_attempt_duration_seconds_sum{receiver="desk"}': 0.5,
            'newsmon_delivery_attempt_duration_seconds_count{receiver="desk"}': 1,
        },
    ),
    "the last attempt": (
        lambda meter: meter.attempted(
            delivery(), answer(Attempt.HTTP_5XX), Verdict(state=DeliveryState.DEAD, death=Death.EXPIRED), NOW
        ),
        {
            'newsmon_delivery_attempts_total{outcome="http_5xx",receiver="desk"}': 1,
            'newsmon_delivery_attempt_duration_seconds_sum{receiver="desk"}': 0.5,
            'newsmon_delivery_attempt_duration_seconds_count{receiver="desk"}': 1,
            'newsmon_deliveries_dead_total{reason="expired",receiver="desk"}': 1,
        },
    ),
    "a run": (lambda meter: meter.ran("poll", "ok"), {'newsmon_scheduler_runs_total{job="poll",outcome="ok"}': 1}),
    "a late start": (
        lambda meter: meter.lagged(timedelta(seconds=4)),
        {"newsmon_scheduler_lag_seconds_sum": 4, "newsmon_scheduler_lag_seconds_count": 1},
    ),
    "a commit": (
        lambda meter: meter.committed(timedelta(milliseconds=20)),
        {"newsmon_db_write_duration_seconds_sum": 0.02, "newsmon_db_write_duration_seconds_count": 1},
    ),
    "a full disk": (lambda meter: meter.storage_failed("full"), {'newsmon_db_errors_total{kind="full"}': 1}),
}


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_is_counted_where_it_belongs_and_nowhere_else(event: str) -> None:
    act, expected = EVENTS[event]
    assert changed(act) == expected


def test_what_the_store_says_becomes_gauges() -> None:
    minute = timedelta(minutes=1)
    feeds = (
        gauge("bbc", failures=0, last_new_item_at=NOW - minute),
        gauge("tass", word=FeedWord.FAILING, failures=3, interval=minute * 20, last_success_at=None, title='A "b"\n'),
    )
    served = metrics(
        lambda: snapshot(
            *feeds,
            overdue_feeds=4,
            pending={DESK: 2, ReceiverId("removed"): 1},
            oldest_pending_at={DESK: NOW - minute},
            topic_last_match_at={PEACE: NOW - minute},
        )
    )
    samples = asyncio.run(scrape(served))
    now = NOW.timestamp()
    expected = {
        "newsmon_scheduler_overdue_feeds": 4,
        "newsmon_scheduler_last_tick_timestamp_seconds": now,
        "newsmon_db_size_bytes": 4096,
        'newsmon_feeds{state="ok"}': 1,
        'newsmon_feeds{state="failing"}': 1,
        'newsmon_feeds{state="stale"}': 0,
        'newsmon_feeds{state="paused"}': 0,
        'newsmon_feeds{state="gone"}': 0,
        'newsmon_topic_last_match_timestamp_seconds{topic="peace-talks"}': now - 60,
        'newsmon_outbox_pending{receiver="desk"}': 2,
        'newsmon_outbox_pending{receiver="removed"}': 1,
        'newsmon_outbox_oldest_pending_timestamp_seconds{receiver="desk"}': now - 60,
        'newsmon_outbox_oldest_pending_timestamp_seconds{receiver="removed"}': 0,
        'newsmon_items_ingested_total{feed="bbc"}': 0,
        'newsmon_items_ingested_total{feed="tass"}': 0,
        'newsmon_feed_rolloffs_total{feed="bbc"}': 0,
        'newsmon_feed_rolloffs_total{feed="tass"}': 0,
        'newsmon_feed_last_success_timestamp_seconds{feed="bbc"}': now,
        'newsmon_feed_last_new_item_timestamp_seconds{feed="bbc"}': now - 60,
        'newsmon_feed_last_new_item_timestamp_seconds{feed="tass"}': now,
        'newsmon_feed_consecutive_failures{feed="bbc"}': 0,
        'newsmon_feed_consecutive_failures{feed="tass"}': 3,
        'newsmon_feed_poll_interval_seconds{feed="bbc"}': 300,
        'newsmon_feed_poll_interval_seconds{feed="tass"}': 1200,
        'newsmon_feed_configured_interval_seconds{feed="bbc"}': 300,
        'newsmon_feed_configured_interval_seconds{feed="tass"}': 300,
        'newsmon_feed_info{feed="bbc",host="feeds.example",state="ok",title="BBC News"}': 1,
        'newsmon_feed_info{feed="tass",host="feeds.example",state="failing",title="A "b"\n"}': 1,
    }
    of_the_store = ("overdue", "last_tick", "db_size", "_feeds{", "last_match", "outbox", "feed=")
    assert {name: value for name, value in samples.items() if any(part in name for part in of_the_store)} == expected


def test_a_topic_without_a_match_counts_from_the_start() -> None:
    samples = asyncio.run(scrape(metrics()))
    assert samples['newsmon_topic_last_match_timestamp_seconds{topic="peace-talks"}'] == START.timestamp()


def test_a_scheduler_that_never_ticked_has_no_heartbeat() -> None:
    assert "newsmon_scheduler_last_tick_timestamp_seconds" not in asyncio.run(scrape(metrics(last_tick=None)))


def test_closed_sets_stand_at_zero_from_the_start() -> None:
    samples = asyncio.run(scrape(metrics()))
    expected = {
        *(f'newsmon_polls_total{{outcome="{outcome}"}}' for outcome in Outcome),
        *(f'newsmon_items_dropped_total{{reason="{why}"}}' for why in ("baseline", "duplicate", "truncated")),
        *(f'newsmon_match_decisions_total{{decision="{decision}"}}' for decision in Decision),
        *(f'newsmon_alerts_total{{severity="{severity}",topic="peace-talks"}}' for severity in Severity),
        *(f'newsmon_delivery_attempts_total{{outcome="{outcome}",receiver="desk"}}' for outcome in Attempt),
        *(f'newsmon_deliveries_dead_total{{reason="{death}",receiver="desk"}}' for death in Death),
        *(f'newsmon_db_errors_total{{kind="{k}"}}' for k in ("locked", "full", "readonly", "corrupt", "other")),
        'newsmon_topic_matches_total{topic="peace-talks"}',
        'newsmon_items_ingested_total{feed="bbc"}',
        'newsmon_feed_rolloffs_total{feed="bbc"}',
        "newsmon_fetch_response_bytes_total",
    }
    assert {name: value for name, value in samples.items() if "_total" in name} == dict.fromkeys(expected, 0)


def test_the_build_and_the_process_are_told() -> None:
    text = asyncio.run(get(metrics())).decode()
    assert 'newsmon_build_info{python="' in text
    assert 'revision="abc",version="0.1.0"} 1.0' in text
    assert "process_resident_memory_bytes " in text
    assert "python_info{" in text
    assert "_created" not in text


def test_openmetrics_and_gzip_are_spoken() -> None:
    body = asyncio.run(get(metrics(), accept="application/openmetrics-text;version=1.0.0", accept_encoding="gzip"))
    names = {family.name for family in openmetrics_families(gzip.decompress(body).decode())}
    assert {"newsmon_polls", "newsmon_feeds", "newsmon_items_ingested"} <= names


def test_above_so_many_feeds_only_those_in_trouble_have_series() -> None:
    many = [gauge(f"feed-{number}") for number in range(PER_FEED_MAX - 1)]
    failing, paused = gauge("failing", word=FeedWord.FAILING), gauge("paused", word=FeedWord.PAUSED)

    def shown(*feeds: FeedGauge) -> set[str]:
        samples = asyncio.run(scrape(metrics(lambda: snapshot(*feeds))))
        assert sum(value for name, value in samples.items() if name.startswith("newsmon_feeds{")) == len(feeds)
        return {name for name in samples if 'feed="' in name}

    assert len(shown(*many, failing)) == PER_FEED_MAX * 8
    assert {name.partition('feed="')[2].partition('"')[0] for name in shown(*many, failing, paused)} == {"failing"}


def test_a_title_that_no_encoding_knows_breaks_nothing() -> None:
    samples = asyncio.run(scrape(metrics(lambda: snapshot(gauge(title="x\ud800" + "y" * 1000)))))
    (info,) = (name for name in samples if name.startswith("newsmon_feed_info"))
    assert f'title="x?{"y" * 198}"' in info


def test_the_store_is_asked_once_in_five_seconds() -> None:
    clock, asked = [0.0], []

    def take() -> Snapshot:
        asked.append(clock[0])
        return snapshot()

    async def play() -> None:
        served = metrics(take, monotonic=lambda: clock[0])
        for clock[0] in (100, 101, 104.9, 105, 106):
            await scrape(served)

    asyncio.run(play())
    assert asked == [100, 105]


def test_while_the_store_fails_the_last_snapshot_is_served_and_it_is_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = [0.0]
    answers = iter([snapshot(size_bytes=1), StorageError("locked", "no"), OSError("no"), snapshot(size_bytes=2)])

    def take() -> Snapshot:
        next_answer = next(answers)
        if isinstance(next_answer, Exception):
            raise next_answer
        return next_answer

    async def play() -> list[float]:
        served = metrics(take, monotonic=lambda: clock[0])
        sizes = []
        for clock[0] in (10, 20, 30, 40):
            sizes.append((await scrape(served))["newsmon_db_size_bytes"])
        return sizes

    assert asyncio.run(play()) == [1, 1, 1, 2]
    assert [record.error for record in caplog.records if record.levelno == logging.WARNING] == ["locked: no"]


def test_a_store_that_hangs_hangs_no_scrape_and_is_asked_once(caplog: pytest.LogCaptureFixture) -> None:
    asked, free = [], threading.Event()

    def take() -> Snapshot:
        asked.append(True)
        free.wait(30)
        return snapshot()

    async def play() -> tuple[Samples, Samples, Samples]:
        served = metrics(take, snapshot_max=timedelta(milliseconds=20))
        first, second = await scrape(served), await scrape(served)
        free.set()
        while "newsmon_db_size_bytes" not in (third := await scrape(served)):
            pass
        return first, second, third

    first, second, third = asyncio.run(play())
    assert "newsmon_db_size_bytes" not in first | second
    assert 'newsmon_polls_total{outcome="new"}' in first
    assert third["newsmon_db_size_bytes"] == 4096
    assert asked == [True]
    told = [record.error for record in caplog.records if record.levelno == logging.WARNING]
    assert told == ["it does not answer in time"]


@pytest.mark.served
def test_promtool_finds_nothing_to_say() -> None:
    promtool = shutil.which("promtool")
    if promtool is None and not os.environ.get("CI"):
        pytest.skip("promtool is missing: install the Debian package prometheus")
    assert promtool is not None
    exposition = asyncio.run(get(metrics()))
    checked = subprocess.run([promtool, "check", "metrics"], input=exposition, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout.decode(), checked.stderr.decode()) == (0, "", "")
