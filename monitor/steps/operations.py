"""operations: a Feed, its state before and after a poll and how it fares now in; what an operator is told of that out, each thing once.

What was told last is remembered in the feed's own state, so that what is told and that it was told are written down together. Troubles
are told when they begin or change their kind, and when they are over; while our own network is down nothing is told of anybody.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from monitor.model.alert import Alert, Concern, EventType, Operations
from monitor.model.feed import Feed, FeedState, FeedWord, Pace
from monitor.model.ids import AlertId, ReceiverId
from monitor.model.poll import Outcome
from monitor.model.severity import Severity
from monitor.text.redact import feed_url
from monitor.text.times import in_words, iso
from monitor.text.urls import shown

UNREACHED_COUNT = 3  # polls of a feed that never answered, before it is blamed for what may be our own network
DETAIL_CHARS_MAX = 300
NAME_CHARS_MAX = 300

_UNREACHED = frozenset({Outcome.NETWORK_ERROR, Outcome.TIMEOUT})
_WORDS = {Concern.FAILING: FeedWord.FAILING, Concern.SILENT: FeedWord.STALE, Concern.GONE: FeedWord.GONE}
_TYPES = {
    Concern.FAILING: EventType.FEED_FAILING,
    Concern.SILENT: EventType.FEED_FAILING,
    Concern.GONE: EventType.FEED_GONE,
    Concern.ROLLED_OFF: EventType.FEED_ROLLED_OFF,
    Concern.RECOVERED: EventType.FEED_RECOVERED,
}
_SEVERITIES = {
    Concern.FAILING: Severity.MEDIUM,  # most failures pass by themselves
    Concern.SILENT: Severity.MEDIUM,
    Concern.GONE: Severity.HIGH,  # somebody must do something
    Concern.ROLLED_OFF: Severity.HIGH,  # a story may have been missed
    Concern.RECOVERED: Severity.INFO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How a feed fares after a poll, in the words of the schedule."""

    now: datetime
    word: FeedWord
    silent: bool  # it answers, but has brought nothing new for far longer than ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is to be told, and the feed's state, which remembers it. To be written down together."""

    state: FeedState
    events: tuple[Alert, ...] = ()


def told(feed: Feed, before: FeedState, after: FeedState, seen: Seen, instance: str) -> Told:
    """The events of one poll: usually none."""
    if after.pace is Pace.OFFLINE:
        return Told(state=after)
    concern = _concern(before, after, seen)
    concerns = [] if concern is None else [concern]
    word = before.told if concern is None else _WORDS.get(concern, FeedWord.OK)
    if _rolled_off(before, after):
        concerns.append(Concern.ROLLED_OFF)
    state = replace(after, told=word)
    return Told(state=state, events=tuple(_event(feed, before, state, each, seen, instance) for each in concerns))


def recipient(operations: Operations, disabled: Collection[ReceiverId]) -> ReceiverId:
    """Who is told of a feed: the fallback while the receiver is disabled; the receiver, whose rows wait for it, if both are."""
    fallback = operations.fallback
    if operations.receiver in disabled and fallback is not None and fallback not in disabled:
        return fallback
    return operations.receiver


def _concern(before: FeedState, after: FeedState, seen: Seen) -> Concern | None:
    """What of the feed's state has not been told yet. A feed that was gone and now fails in another way has not become any better."""
    known = before.told
    match seen.word:
        case FeedWord.OK if known is not FeedWord.OK:
            return Concern.RECOVERED
        case FeedWord.FAILING if known not in {FeedWord.FAILING, FeedWord.GONE} and not _may_be_us(after):
            return Concern.FAILING
        case FeedWord.STALE if seen.silent and known is not FeedWord.STALE:
            return Concern.SILENT
        case FeedWord.GONE if known is not FeedWord.GONE:
            return Concern.GONE
        case _:
            return None


def _may_be_us(state: FeedState) -> bool:
    """Whether nothing came back from a feed that never answered: at a first start, that is a network not up yet as often as a wrong URL."""
    unreached = state.last_success_at is None and state.last_outcome in _UNREACHED
    return unreached and state.failures < UNREACHED_COUNT


def _rolled_off(before: FeedState, after: FeedState) -> bool:
    """Whether items may have been lost, and the document before this one overlapped: a feed that always loses them is told of once."""
    return after.learned.rolloffs > before.learned.rolloffs and before.learned.overlap != 0


def _event(feed: Feed, before: FeedState, after: FeedState, concern: Concern, seen: Seen, instance: str) -> Alert:
    since = _since(before, after, concern)
    kind = _TYPES[concern]
    moments = (
        before.last_poll_at,
        since,
    )  # the poll before this one is the same one, however often this one is repeated
    named = (kind, feed.id, concern, *("" if moment is None else iso(moment) for moment in moments))
    alert_id = AlertId(blake2b("\0".join(("operations", *named)).encode(), digest_size=12).hexdigest())
    severity = _SEVERITIES[concern]
    return Alert(
        id=alert_id,
        type=kind,
        severity=severity,
        created_at=seen.now,
        items=(),
        topics=(),
        data={
            "alert_id": alert_id,
            "severity": severity.value,
            "reason": concern.value,
            "instance": instance,
            "message": _message(feed, before, after, concern, seen.now),
            "feed": {
                "id": feed.id,
                "title": (feed.title or feed.publisher)[:NAME_CHARS_MAX],
                "publisher": feed.publisher[:NAME_CHARS_MAX],
                "url": shown(feed_url(feed)),
                "state": seen.word.value,
                "since": _iso(since),
                "outcome": None if after.last_outcome is None else after.last_outcome.value,
                "detail": after.last_detail[:DETAIL_CHARS_MAX],
                "failures": after.failures,
                "last_success": _iso(after.last_success_at),
                "last_new_item": _iso(after.last_new_item_at),
                "next_poll": _iso(after.next_poll_at),
            },
        },
    )


def _since(before: FeedState, after: FeedState, concern: Concern) -> datetime | None:
    """When all was last known to be well; of a feed that is gone, when it was first said to be. None: all was never well."""
    match concern:
        case Concern.GONE:
            return after.gone_since
        case Concern.SILENT:
            return after.last_new_item_at
        case Concern.RECOVERED if before.told is FeedWord.STALE:
            return before.last_new_item_at
        case _:
            return before.last_success_at


def _message(feed: Feed, before: FeedState, after: FeedState, concern: Concern, now: datetime) -> str:
    """One sentence for a person."""
    since = _since(before, after, concern)
    while_ = "" if since is None else in_words(now - since)
    match concern:
        case Concern.FAILING:
            polls = "its poll" if after.failures == 1 else f"{after.failures} polls in a row"
            last = f"its last success was {while_} ago" if while_ else "it never answered as a feed should"
            what = f"is failing: {after.last_detail[:DETAIL_CHARS_MAX]} ({polls} failed, {last})"
        case Concern.SILENT:
            longest = in_words(after.learned.longest_gap or timedelta())
            again = "answers again, but there is" if before.told is not FeedWord.OK else "answers, but there is"
            what = f"{again} nothing new for {while_}; lately it never was silent for longer than {longest}"
        case Concern.GONE:
            what = f"is gone: its server has answered 410 for {while_}; it is asked once a day now, until its URL is mended or it is removed"
        case Concern.ROLLED_OFF:
            what = f"may have lost items of the last {while_}: nothing that its document lists was known; it is polled more often now"
        case Concern.RECOVERED if before.told is FeedWord.STALE:
            what = f"has something new again, after {while_}"
        case Concern.RECOVERED:
            what = (
                f"has recovered; its last success before was {while_} ago" if while_ else "answers for the first time"
            )
    return f"feed {feed.id} ({(feed.title or feed.publisher)[:NAME_CHARS_MAX]}) {what}"


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
