"""schedule: a Feed, its state and a finished poll in; its state after that poll, with when it is polled next and why, out.

A written interval is a promise: while all is well a feed never waits longer, and learning only makes it faster. Where none is written the
pace is learned, so that about every second poll brings something, and so that never much of a document is new at once: what rolls off
between two polls is lost. Only trouble makes a feed wait longer, and none stops it for good.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from monitor.model.feed import MOVED_COUNT, Feed, FeedState, FeedWord, Learned, Pace
from monitor.model.ids import FeedId
from monitor.model.poll import Outcome, PollResult, Validators

FIRST_POLLS_A_SECOND = 20  # of many feeds that are due together: at the start, after a long sleep
JITTER_SHARE = 0.05  # of the interval
JITTER_MAX = timedelta(minutes=1)

PACE_START = timedelta(minutes=10)  # where nothing is known yet
FASTER, SLOWER = 0.8, 1.25  # after a poll that brought something, and after one that did not: each second one does
NEW_SHARE_MAX = 0.25  # of a document
HINT_MAX = timedelta(minutes=30)
ROLLED_OFF_FOR = timedelta(hours=24)  # so long no hint of its publisher slows a feed down that lost items

BACK_OFF_MAX = timedelta(minutes=30)  # for what passes: networks, timeouts, a server's bad hour
REFUSED_MAX = timedelta(hours=24)  # for what somebody must mend: 401, 403, 404
THROTTLED_MAX = timedelta(hours=6)  # for 429 without a word about when to come back
QUARANTINE = timedelta(hours=1)  # for a document that breaks the limits of reading again and again
GONE_INTERVAL = timedelta(hours=24)
GONE_COUNT = 3  # answers of 410 in a row ...
GONE_WINDOW = timedelta(hours=24)  # ... over that time mean it
RETRY_AFTER_MAX = timedelta(hours=24)
OFFLINE_MAX = timedelta(minutes=1)  # while our own network is down, which costs no publisher anything

FAILING_COUNT = 3  # failures in a row; one is enough for a feed that never answered
STALE_INTERVALS = 3
STALE_GRACE = timedelta(minutes=5)
GAPS_MIN = 10  # from which the longest silence of a feed is known
GAP_FADES = 0.98  # a longer one counts until it has faded
SILENT_GAPS = 3  # times the longest gap
SILENT_MIN = timedelta(hours=24)

_REFUSED = frozenset({401, 403, 404})
_TOO_MANY = 429
_SERVER_ERROR = 500
_PASSING = frozenset({Outcome.NETWORK_ERROR, Outcome.TIMEOUT})
_NO_DOCUMENT = frozenset({Outcome.PARSE_ERROR, Outcome.TOO_LARGE, Outcome.DECODE_ERROR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a document that was read lists: how many entries, and how many of them the feed had listed before."""

    entries: int
    known: int
    brought: int  # new items, also those that another feed had
    hint: timedelta | None = None  # the pause that it asks for
    skip: str = ""  # when it asks nobody to come


def after_poll(
    feed: Feed, before: FeedState, result: PollResult, listing: Listing | None = None, *, offline: bool = False
) -> FeedState:
    """`listing`: of a document that was read. `offline`: the poll failed because our own network does."""
    gone = result.outcome is Outcome.GONE
    good = result.outcome.good
    moved_to, moved_count = _moved(feed, before, result)
    state = replace(
        before,
        url=feed.url,
        validators=_validators(feed, before, result),
        last_poll_at=result.at,
        last_outcome=result.outcome,
        last_detail=result.detail,
        last_success_at=result.at if good else before.last_success_at,
        full_at=result.at if result.outcome in {Outcome.NEW, Outcome.UNCHANGED} else before.full_at,
        failures=0 if good else before.failures if offline else before.failures + 1,
        gone_since=(before.gone_since or result.at) if gone else None,
        gone_count=before.gone_count + 1 if gone else 0,
        learned=_learned(feed, before, result, listing),
        moved_to=moved_to,
        moved_count=moved_count,
    )
    if listing is not None and listing.entries:
        state = replace(state, baseline_at=before.baseline_at or result.at)
    if listing is not None and listing.brought:
        state = replace(state, last_new_item_at=result.at)
    interval, pace = _interval(feed, before, state, result, offline=offline)
    pause = interval - min(interval * JITTER_SHARE, JITTER_MAX) * _fate(feed.id, result.at)
    if result.retry_after is not None:
        asked = min(result.retry_after, RETRY_AFTER_MAX)
        pause, pace = (asked, Pace.THROTTLED) if asked > pause else (pause, pace)
    return replace(state, next_poll_at=result.at + pause, interval=interval, pace=pace)


def spread(due: Sequence[tuple[Feed, datetime]], now: datetime) -> dict[FeedId, datetime]:
    """New times for feeds that are due together, after a start or a long sleep, given with the times that they had: a few now, many each
    at its place in a queue that is not faster than `FIRST_POLLS_A_SECOND`; none later than an interval.
    """
    queue = timedelta() if len(due) <= FIRST_POLLS_A_SECOND else timedelta(seconds=len(due) / FIRST_POLLS_A_SECOND)
    return {feed.id: now + min(queue, feed.interval_max) * _fate(feed.id, moment) for feed, moment in due}


def soon(feeds: Iterable[FeedId], now: datetime, within: timedelta) -> dict[FeedId, datetime]:
    """New times for those feeds, spread over that span."""
    return {id_: now + within * _fate(id_, now) for id_ in feeds}


def state_word(feed: Feed, state: FeedState, now: datetime) -> FeedWord:
    """How the feed fares. Of the words that are true, the one that says most: paused (by a person), gone, failing (there is a cause),
    stale (there is none, but no success either, or nothing new for far longer than ever), ok.
    """
    if state.paused_at is not None:
        return FeedWord.PAUSED
    if state.last_poll_at is not None and _means_it(state, state.last_poll_at):
        return FeedWord.GONE
    if state.failures >= (FAILING_COUNT if state.last_success_at else 1):
        return FeedWord.FAILING
    longest = max(feed.interval_max, state.interval)
    unheard = now - (state.last_success_at or state.next_poll_at) > longest * STALE_INTERVALS + STALE_GRACE
    return FeedWord.STALE if unheard or silent(state, now) else FeedWord.OK


def silent(state: FeedState, now: datetime) -> bool:
    """Whether a feed that answers has brought nothing new for far longer than it ever did."""
    gap = state.learned.longest_gap
    if gap is None or state.learned.gaps < GAPS_MIN or state.last_new_item_at is None:
        return False
    return now - state.last_new_item_at > max(gap * SILENT_GAPS, SILENT_MIN)


def rolled_off(before: FeedState, listing: Listing) -> bool:
    """Whether items may have been lost between two documents: the later one lists nothing that was known."""
    return before.learned.listed > 0 and listing.entries > 0 and listing.known == 0


def _validators(feed: Feed, before: FeedState, result: PollResult) -> Validators:
    """Those of the document that was read last. A document that could not be read takes the right to a 304 with it: the next request
    is unconditional, so that no 304 can pass for a recovery.
    """
    if result.validators is not None and result.outcome.good:
        return result.validators
    known = before.validators if before.url == feed.url else Validators()
    return replace(known, etag=None, last_modified=None) if result.outcome in _NO_DOCUMENT else known


def _moved(feed: Feed, before: FeedState, result: PollResult) -> tuple[str, int]:
    """Where permanent redirects lead, and for how many polls in a row (RFC 9110, sections 15.4.2 and 15.4.9). What was learned is given up
    as soon as the new place refuses: then the configured URL is asked again.
    """
    known = (before.moved_to, before.moved_count) if before.url == feed.url else ("", 0)
    target = result.permanent_url
    if target:
        return target, known[1] + 1 if target == known[0] else 1
    passing = result.outcome in _PASSING or (result.status or 0) >= _SERVER_ERROR
    asked_there = known[1] >= MOVED_COUNT
    return known if passing or (asked_there and result.outcome.good) else ("", 0)


def _learned(feed: Feed, before: FeedState, result: PollResult, listing: Listing | None) -> Learned:
    known = before.learned
    if not result.outcome.good:
        return known
    longest = feed.interval_max
    pace = min(max(known.pace or min(PACE_START, longest), _floor(feed)), longest)
    if listing is None or not listing.entries:
        return replace(known, pace=min(pace * SLOWER, longest))
    first = known.listed == 0
    share = 1 - listing.known / listing.entries
    lost = rolled_off(before, listing)
    if lost:
        pace = _floor(feed)
    elif not first and share:
        since = result.at - (before.last_success_at or result.at)
        safe = (since or pace) * (NEW_SHARE_MAX / share)
        pace = max(min(pace * (FASTER if feed.interval is None else SLOWER), safe, longest), _floor(feed))
    elif not first:
        pace = min(pace * SLOWER, longest)
    gap = result.at - before.last_new_item_at if listing.brought and before.last_new_item_at and not first else None
    return replace(
        known,
        pace=pace,
        hint=listing.hint,
        skip=listing.skip,
        overlap=None if first else 1 - share,
        listed=listing.entries,
        rolled_off_at=result.at if lost else known.rolled_off_at,
        rolloffs=known.rolloffs + lost,
        longest_gap=known.longest_gap if gap is None else max(gap, (known.longest_gap or gap) * GAP_FADES),
        gaps=known.gaps + (gap is not None),
    )


def _floor(feed: Feed) -> timedelta:
    return min(feed.min_interval, feed.interval_max)


def _interval(
    feed: Feed, before: FeedState, state: FeedState, result: PollResult, *, offline: bool
) -> tuple[timedelta, Pace]:
    """The pace in force, and why it is that."""
    base, why = _healthy(feed, state, result)
    if result.outcome.good:
        return base, why
    if offline:
        return min(base, OFFLINE_MAX), Pace.OFFLINE
    if state.gone_count and _means_it(state, result.at):
        return max(base, GONE_INTERVAL), Pace.GONE
    grown = max(before.interval, base) * 2
    longest, why = _back_off(result.status)
    if result.limit and state.failures >= FAILING_COUNT:
        grown, longest = max(grown, QUARANTINE), QUARANTINE
    elif not before.failures and why is not Pace.THROTTLED:
        grown = base  # one bad poll costs nothing
    return min(grown, max(base, longest)), why


def _back_off(status: int | None) -> tuple[timedelta, Pace]:
    """The longest pause after an answer that is none."""
    if status in _REFUSED:
        return REFUSED_MAX, Pace.REFUSED
    return (THROTTLED_MAX, Pace.THROTTLED) if status == _TOO_MANY else (BACK_OFF_MAX, Pace.FAILING)


def _healthy(feed: Feed, state: FeedState, result: PollResult) -> tuple[timedelta, Pace]:
    """The pace while all is well."""
    learned = state.learned
    pace = learned.pace or min(PACE_START, feed.interval_max)
    lost_lately = learned.rolled_off_at is not None and result.at - learned.rolled_off_at < ROLLED_OFF_FOR
    if feed.interval is not None:
        if pace >= feed.interval:
            return feed.interval, Pace.CONFIGURED
        return pace, Pace.ROLLED_OFF if lost_lately else Pace.BUSY
    if lost_lately:
        return pace, Pace.ROLLED_OFF
    hint = min(max(filter(None, (learned.hint, result.fresh_for)), default=timedelta()), HINT_MAX)
    if hint > pace:
        return hint, Pace.HINT
    return pace, Pace.NEW if learned.pace is None else Pace.LEARNED


def _means_it(state: FeedState, at: datetime) -> bool:
    since = state.gone_since
    return state.gone_count >= GONE_COUNT and since is not None and at - since >= GONE_WINDOW


def _fate(feed: FeedId, at: datetime) -> float:
    """A number in [0, 1) that is that feed's at that moment: jitter that can be computed again."""
    digest = blake2b(f"{feed} {at.timestamp()}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32
