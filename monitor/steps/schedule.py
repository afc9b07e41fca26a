"""schedule: a Feed, its state and a finished poll in, when it is polled next out.

A configured interval is a promise: only trouble makes a feed wait longer, and none stops it for good. Luck moves a poll a
little forward, never back, so that feeds that were started together do not stay together.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.model.feed import Feed, FeedState, FeedWord
from monitor.model.poll import Outcome, PollResult

FIRST_POLL_SPREAD = timedelta(seconds=10)
JITTER_SHARE = 0.05  # of the interval
JITTER_MAX = timedelta(minutes=1)
BACK_OFF_MAX = timedelta(minutes=30)  # for what passes: networks, timeouts, a server's bad hour
REFUSED_MAX = timedelta(hours=24)  # for what somebody must mend: 401, 403, 404
GONE_INTERVAL = timedelta(hours=24)
GONE_COUNT = 3  # answers of 410 in a row ...
GONE_WINDOW = timedelta(hours=24)  # ... over that time mean it
RETRY_AFTER_MAX = timedelta(hours=24)
FAILING_COUNT = 3  # failures in a row; one is enough for a feed that never answered
STALE_INTERVALS = 3
STALE_GRACE = timedelta(minutes=5)

_REFUSED = frozenset({401, 403, 404})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """What the poll makes of the feed's state. `interval` is the pace in force; a Retry-After delays one poll, not the pace."""

    next_poll_at: datetime
    interval: timedelta
    failures: int
    gone_since: datetime | None
    gone_count: int


def next_poll(feed: Feed, state: FeedState, result: PollResult, *, luck: float) -> Scheduled:
    """When to poll again; `luck` is in [0, 1)."""
    gone = result.outcome is Outcome.GONE
    gone_since = (state.gone_since or result.at) if gone else None
    gone_count = state.gone_count + 1 if gone else 0
    interval = _interval(feed, state, result, gone=_means_it(gone_count, gone_since, result.at))
    pause = _jittered(interval, luck)
    if result.retry_after is not None:
        pause = max(pause, min(result.retry_after, RETRY_AFTER_MAX))
    return Scheduled(
        next_poll_at=result.at + pause,
        interval=interval,
        failures=0 if result.outcome.good else state.failures + 1,
        gone_since=gone_since,
        gone_count=gone_count,
    )


def first_due(feed: Feed, now: datetime, luck: float) -> datetime:
    """When a feed that was never polled is due: at once, but not all feeds in the same second; `luck` is in [0, 1)."""
    return now + min(FIRST_POLL_SPREAD, feed.interval) * luck


def state_word(feed: Feed, state: FeedState, now: datetime) -> FeedWord:
    """How the feed fares. Of the words that are true, the one that says most: gone, failing (there is a cause), stale (there is
    none, but no success either: it answers now and then, or is not asked), ok.
    """
    if state.last_poll_at is not None and _means_it(state.gone_count, state.gone_since, state.last_poll_at):
        return FeedWord.GONE
    if state.failures >= (FAILING_COUNT if state.last_success_at else 1):
        return FeedWord.FAILING
    silent = now - (state.last_success_at or state.next_poll_at) > feed.interval * STALE_INTERVALS + STALE_GRACE
    return FeedWord.STALE if silent else FeedWord.OK


def _interval(feed: Feed, state: FeedState, result: PollResult, *, gone: bool) -> timedelta:
    if result.outcome.good:
        return feed.interval
    if result.outcome is Outcome.GONE:
        return max(feed.interval, GONE_INTERVAL) if gone else feed.interval
    longest = max(feed.interval, REFUSED_MAX if result.status in _REFUSED else BACK_OFF_MAX)
    grown = state.interval * 2 if state.failures else feed.interval  # one bad poll costs nothing
    return min(max(grown, feed.interval), longest)


def _means_it(gone_count: int, gone_since: datetime | None, at: datetime) -> bool:
    return gone_count >= GONE_COUNT and gone_since is not None and at - gone_since >= GONE_WINDOW


def _jittered(interval: timedelta, luck: float) -> timedelta:
    return interval - min(interval * JITTER_SHARE, JITTER_MAX) * luck
