"""operations: when an operator is told of a feed, and of what; never of the same thing twice."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model.alert import Concern, EventType, Operations
from monitor.model.feed import Feed, FeedState, FeedWord, Learned, Pace
from monitor.model.ids import FeedId, ReceiverId
from monitor.model.poll import Outcome
from monitor.steps import alert as alerts
from monitor.steps import operations

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEED = Feed(id=FeedId("bbc"), url="https://bbc.example/rss?key=s3cret#top", publisher="BBC")
FINE = FeedState(
    feed_id=FEED.id,
    next_poll_at=NOW,
    last_poll_at=NOW - HOUR,
    last_outcome=Outcome.NOT_MODIFIED,
    last_success_at=NOW - HOUR,
    last_new_item_at=NOW - 2 * HOUR,
    learned=Learned(overlap=0.9, listed=30, longest_gap=5 * HOUR, gaps=20),
)
NEVER = FeedState(feed_id=FEED.id, next_poll_at=NOW)
OK, FAILING, STALE, GONE, PAUSED = (
    FeedWord.OK,
    FeedWord.FAILING,
    FeedWord.STALE,
    FeedWord.GONE,
    FeedWord.PAUSED,
)


def state(before: FeedState = FINE, **changes: object) -> FeedState:
    return replace(before, **changes)  # type: ignore[arg-type]  # a row of a table names fields


def tell(before: FeedState, after: FeedState, word: FeedWord, *, silent: bool = False) -> operations.Told:
    seen = operations.Seen(now=NOW, word=word, silent=silent)
    return operations.told(FEED, before, after, seen, "test")


def failed(count: int, before: FeedState = FINE, outcome: Outcome = Outcome.HTTP_ERROR) -> FeedState:
    return state(before, failures=count, last_outcome=outcome, last_poll_at=NOW, last_detail="404 Not Found")


def lost(before: FeedState) -> FeedState:
    learned = replace(before.learned, rolloffs=before.learned.rolloffs + 1, overlap=0.0, rolled_off_at=NOW)
    return state(before, learned=learned)


ROLLED = lost(FINE)  # the document before this one had rolled off already

# The states before and after, how it fares now and whether it is silent: what is told, and what is remembered.
SITUATIONS: dict[str, tuple[FeedState, FeedState, FeedWord, bool, list[Concern], FeedWord]] = {
    "all is well": (FINE, FINE, OK, False, [], OK),
    "one bad poll": (FINE, failed(1), OK, False, [], OK),
    "it fails": (FINE, failed(3), FAILING, False, [Concern.FAILING], FAILING),
    "it fails on": (state(told=FAILING), failed(4), FAILING, False, [], FAILING),
    "it recovers": (state(told=FAILING), FINE, OK, False, [Concern.RECOVERED], OK),
    "it recovers, and nobody knew": (failed(2), FINE, OK, False, [], OK),
    "it never answered": (NEVER, failed(1, NEVER), FAILING, False, [Concern.FAILING], FAILING),
    "it never answered, again": (state(NEVER, told=FAILING), failed(2, NEVER), FAILING, False, [], FAILING),
    "it never answered, and no network was there": (
        NEVER,
        failed(1, NEVER, Outcome.NETWORK_ERROR),
        FAILING,
        False,
        [],
        OK,
    ),
    "it never answered, however often": (
        NEVER,
        failed(3, NEVER, Outcome.TIMEOUT),
        FAILING,
        False,
        [Concern.FAILING],
        FAILING,
    ),
    "it answers at last": (state(NEVER, told=FAILING), FINE, OK, False, [Concern.RECOVERED], OK),
    "it is silent": (FINE, FINE, STALE, True, [Concern.SILENT], STALE),
    "it is silent on": (state(told=STALE), FINE, STALE, True, [], STALE),
    "it speaks again": (state(told=STALE), FINE, OK, False, [Concern.RECOVERED], OK),
    "it was not asked for long": (FINE, failed(1), STALE, False, [], OK),
    "it was not asked for long, while it failed": (state(told=FAILING), failed(1), STALE, False, [], FAILING),
    "it is silent, then fails": (state(told=STALE), failed(3), FAILING, False, [Concern.FAILING], FAILING),
    "it fails, then is silent": (state(told=FAILING), FINE, STALE, True, [Concern.SILENT], STALE),
    "it is gone": (FINE, failed(3), GONE, False, [Concern.GONE], GONE),
    "it failed, and is gone": (state(told=FAILING), failed(9), GONE, False, [Concern.GONE], GONE),
    "it is gone for good": (state(told=GONE), failed(9), GONE, False, [], GONE),
    "it is gone, and fails otherwise": (state(told=GONE), failed(9), FAILING, False, [], GONE),
    "it was gone, and is back": (state(told=GONE), FINE, OK, False, [Concern.RECOVERED], OK),
    "it is paused": (state(told=FAILING), failed(9), PAUSED, False, [], FAILING),
    "our network is down": (FINE, state(failed(3), pace=Pace.OFFLINE), FAILING, False, [], OK),
    "our network is down, and it is silent": (FINE, state(failed(1), pace=Pace.OFFLINE), STALE, True, [], OK),
    "items rolled off": (FINE, lost(FINE), OK, False, [Concern.ROLLED_OFF], OK),
    "items roll off again": (ROLLED, lost(ROLLED), OK, False, [], OK),
    "items roll off again, after an overlap": (
        state(ROLLED, learned=replace(ROLLED.learned, overlap=0.1)),
        lost(ROLLED),
        OK,
        False,
        [Concern.ROLLED_OFF],
        OK,
    ),
    "no document after a roll-off": (ROLLED, ROLLED, OK, False, [], OK),
    "it recovers, and items rolled off": (
        state(told=FAILING),
        lost(FINE),
        OK,
        False,
        [Concern.RECOVERED, Concern.ROLLED_OFF],
        OK,
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_each_thing_is_told_once(name: str) -> None:
    before, after, word, silent, concerns, remembered = SITUATIONS[name]
    told = tell(before, replace(after, told=before.told), word, silent=silent)
    assert ([event.data["reason"] for event in told.events], told.state) == (concerns, replace(after, told=remembered))


MESSAGES: dict[str, tuple[operations.Told, EventType, str, str, str | None]] = {
    "failing": (
        tell(FINE, failed(3), FAILING),
        EventType.FEED_FAILING,
        "medium",
        "feed bbc (BBC) is failing: 404 Not Found (3 polls in a row failed, its last success was 1 hour ago)",
        "2025-02-24T08:00:00.000Z",
    ),
    "never answered": (
        tell(NEVER, failed(1, NEVER), FAILING),
        EventType.FEED_FAILING,
        "medium",
        "feed bbc (BBC) is failing: 404 Not Found (its poll failed, it never answered as a feed should)",
        None,
    ),
    "silent": (
        tell(FINE, state(last_new_item_at=NOW - 3 * DAY - HOUR), STALE, silent=True),
        EventType.FEED_FAILING,
        "medium",
        "feed bbc (BBC) answers, but there is nothing new for 3 days; lately it never was silent for longer than 5 hours",
        "2025-02-21T08:00:00.000Z",
    ),
    "silent after failures": (
        tell(state(told=FAILING), state(last_new_item_at=NOW - DAY), STALE, silent=True),
        EventType.FEED_FAILING,
        "medium",
        "feed bbc (BBC) answers again, but there is nothing new for 1 day; lately it never was silent for longer than 5 hours",
        "2025-02-23T09:00:00.000Z",
    ),
    "gone": (
        tell(FINE, state(failed(3), gone_since=NOW - DAY, gone_count=3), GONE),
        EventType.FEED_GONE,
        "high",
        "feed bbc (BBC) is gone: its server has answered 410 for 1 day; it is asked once a day now, until its URL is mended or it is removed",
        "2025-02-23T09:00:00.000Z",
    ),
    "rolled off": (
        tell(FINE, lost(FINE), OK),
        EventType.FEED_ROLLED_OFF,
        "high",
        "feed bbc (BBC) may have lost items of the last 1 hour: nothing that its document lists was known; it is polled more often now",
        "2025-02-24T08:00:00.000Z",
    ),
    "recovered": (
        tell(state(told=FAILING), FINE, OK),
        EventType.FEED_RECOVERED,
        "info",
        "feed bbc (BBC) has recovered; its last success before was 1 hour ago",
        "2025-02-24T08:00:00.000Z",
    ),
    "recovered from silence": (
        tell(state(told=STALE), FINE, OK),
        EventType.FEED_RECOVERED,
        "info",
        "feed bbc (BBC) has something new again, after 2 hours",
        "2025-02-24T07:00:00.000Z",
    ),
    "at last": (
        tell(state(NEVER, told=FAILING), FINE, OK),
        EventType.FEED_RECOVERED,
        "info",
        "feed bbc (BBC) answers for the first time",
        None,
    ),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_it_is_told_in_words(name: str) -> None:
    told, kind, severity, message, since = MESSAGES[name]
    (event,) = told.events
    feed = event.data["feed"]
    assert isinstance(feed, dict)
    assert (event.type, event.severity.value, event.data["message"], feed["since"]) == (kind, severity, message, since)


def test_the_whole_payload() -> None:
    (event,) = tell(FINE, replace(failed(3), next_poll_at=NOW + HOUR), FAILING).events
    assert (event.created_at, event.items, event.topics) == (NOW, (), ())
    assert event.data == {
        "alert_id": event.id,
        "severity": "medium",
        "reason": "failing",
        "instance": "test",
        "message": "feed bbc (BBC) is failing: 404 Not Found (3 polls in a row failed, its last success was 1 hour ago)",
        "feed": {
            "id": "bbc",
            "title": "BBC",
            "publisher": "BBC",
            "url": "https://bbc.example/rss?…",
            "state": "failing",
            "since": "2025-02-24T08:00:00.000Z",
            "outcome": "http_error",
            "detail": "404 Not Found",
            "failures": 3,
            "last_success": "2025-02-24T08:00:00.000Z",
            "last_new_item": "2025-02-24T07:00:00.000Z",
            "next_poll": "2025-02-24T10:00:00.000Z",
        },
    }


def test_a_url_that_holds_a_variable_is_told_as_it_is_written() -> None:
    feed = replace(FEED, url="https://bbc.example/s3cret/rss", written="https://bbc.example/${KEY}/rss")
    seen = operations.Seen(now=NOW, word=FAILING, silent=False)
    (event,) = operations.told(feed, FINE, failed(3), seen, "test").events
    assert event.data["feed"]["url"] == "https://bbc.example/${KEY}/rss"  # type: ignore[index]
    assert "s3cret" not in repr(event)


def test_a_repeat_bears_the_same_id_and_another_event_another() -> None:
    first, again = tell(FINE, failed(3), FAILING).events[0].id, tell(FINE, failed(3), FAILING).events[0].id
    later = state(last_poll_at=NOW, last_success_at=NOW)
    others = (
        tell(later, failed(3, later), FAILING),
        tell(state(told=FAILING), FINE, OK),
        tell(FINE, lost(FINE), OK),
        tell(FINE, FINE, STALE, silent=True),
    )
    assert first == again
    assert len({first, *(told.events[0].id for told in others)}) == 5


def test_the_longest_names_fit() -> None:
    feed = replace(FEED, title="\U0001f5de" * 300, publisher="\U0001f5de" * 300, url="https://a.example/" + "a" * 2065)
    after = replace(failed(3), last_detail="\U0001f5de" * 9_999)
    seen = operations.Seen(now=NOW, word=FAILING, silent=False)
    (event,) = operations.told(feed, FINE, after, seen, "\U0001f5de" * 300).events
    assert alerts.size_of(event.data) <= alerts.DATA_BYTES_MAX


MAIN, OTHER = ReceiverId("main"), ReceiverId("other")
RECIPIENTS: dict[str, tuple[ReceiverId | None, Collection[ReceiverId], ReceiverId]] = {
    "alone": (None, {}, MAIN),
    "alone and disabled": (None, {MAIN}, MAIN),
    "both there": (OTHER, {}, MAIN),
    "the receiver disabled": (OTHER, {MAIN}, OTHER),
    "the fallback disabled": (OTHER, {OTHER}, MAIN),
    "both disabled": (OTHER, {MAIN, OTHER}, MAIN),
}


@pytest.mark.parametrize("name", RECIPIENTS)
def test_who_is_told(name: str) -> None:
    fallback, disabled, expected = RECIPIENTS[name]
    assert operations.recipient(Operations(receiver=MAIN, fallback=fallback), disabled) == expected
