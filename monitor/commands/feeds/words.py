"""words: a Feed and its state in, how it fares in words for a person out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.commands.feeds.signs import private_advice
from monitor.model.feed import Feed, FeedState, FeedWord, Pace
from monitor.model.poll import Outcome
from monitor.steps.schedule import silent, state_word
from monitor.text.redact import led_to
from monitor.text.spans import span

UNKNOWN, WAITING = "unknown", "waiting"  # beside the words of FeedWord: of a feed that was never polled
STATES = (*(word.value for word in FeedWord), WAITING, UNKNOWN)

PACES: Mapping[Pace, tuple[str, str]] = {
    Pace.NEW: ("new", "nothing is known of it yet"),
    Pace.CONFIGURED: ("configured", "the interval that is written in feeds.yaml"),
    Pace.LEARNED: ("learned", "about every second poll brings something"),
    Pace.BUSY: ("busy", "so much of a document was new that the next one might have lost items"),
    Pace.ROLLED_OFF: ("rolled off", "items may have been lost between two polls, so it is polled more often"),
    Pace.HINT: ("hint", "its publisher asks for that pause"),
    Pace.FAILING: ("failing", "it fails, in a way that passes by itself: backing off"),
    Pace.REFUSED: ("refused", "it refuses, which somebody must mend: backing off, up to a day"),
    Pace.THROTTLED: ("throttled", "its publisher asked for a pause"),
    Pace.GONE: ("gone", "it says that it is gone for good: asked once a day"),
    Pace.OFFLINE: ("offline", "our own network is down: nobody is held responsible"),
}
"""Every pace as a word, and why it is that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fares:
    """How a feed fares. `hints` are what a person could do or should know, each a sentence."""

    word: str
    reason: str = ""  # of the word, where it is not plain
    hints: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        return f"{self.word}: {self.reason}" if self.reason else self.word


def fares(feed: Feed, state: FeedState | None, now: datetime) -> Fares:
    if state is None:
        return Fares(word=UNKNOWN, reason="the daemon has not seen this feed yet")
    word = state_word(feed, state, now)
    if state.last_poll_at is None and word is not FeedWord.PAUSED:
        return Fares(word=WAITING, reason="it was never polled")
    return Fares(word=word.value, reason=_reason(word, feed, state, now), hints=tuple(_hints(feed, state, now)))


def _reason(word: FeedWord, feed: Feed, state: FeedState, now: datetime) -> str:
    match word:
        case FeedWord.OK:
            return ""
        case FeedWord.PAUSED:
            return f"for {span(now - (state.paused_at or now))}, until `newsmon feeds resume {feed.id}`"
        case FeedWord.GONE:
            since = span(now - (state.gone_since or now))
            return f"{state.last_detail} for {since}; `newsmon feeds resume {feed.id}` asks it anew"
        case FeedWord.FAILING:
            return f"{_cause(state)}{_since(state, now)}"
        case FeedWord.STALE if silent(state, now):
            gap = state.learned.longest_gap or timedelta()
            return f"nothing new for {span(now - (state.last_new_item_at or now))}, its longest silence was {span(gap)}"
        case FeedWord.STALE:
            return f"no success{_since(state, now)}" + (f"; the last poll: {_cause(state)}" if state.failures else "")


def _cause(state: FeedState) -> str:
    return state.last_detail or (state.last_outcome.value if state.last_outcome else "no answer")


def _since(state: FeedState, now: datetime) -> str:
    """For how long; the last success is the last moment that is known to have been good."""
    return ", it was never read" if state.last_success_at is None else f" since {span(now - state.last_success_at)}"


def _hints(feed: Feed, state: FeedState, now: datetime) -> list[str]:
    found = []
    if state.last_outcome is Outcome.BLOCKED and (advice := private_advice(state.last_detail)):
        found.append(f"add {advice} to this feed, if it is meant")
    if state.moved_to and state.url == feed.url:
        asked = ", and is asked there" if state.moved else ""
        found.append(f"moved to {led_to(state.moved_to, feed)}{asked}: change its url")
    if state.gone_count and state_word(feed, state, now) is not FeedWord.GONE:
        found.append("it says that it is gone for good: believed after three such answers over a day")
    lost = state.learned.rolled_off_at
    if lost is not None:
        times = f"{state.learned.rolloffs} times" if state.learned.rolloffs > 1 else "once"
        found.append(f"items may have been lost {times}, last {span(now - lost)} ago: a shorter interval helps")
    if state.url and state.url != feed.url:
        found.append("its url has changed since the last poll")
    return found
