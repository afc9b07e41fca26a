"""How feeds fare, in words: each state with its reason and what a person could do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.commands.feeds.words import PACES, STATES, Fares, fares
from monitor.model.feed import Feed, FeedState, FeedWord, Learned, Pace
from monitor.model.ids import FeedId
from monitor.model.poll import Outcome

NOW = datetime(2025, 2, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEED = Feed(id=FeedId("wire"), url="https://wire.example/rss", publisher="Wire")
GOOD = FeedState(
    feed_id=FEED.id,
    next_poll_at=NOW + timedelta(minutes=5),
    url=FEED.url,
    last_poll_at=NOW - timedelta(minutes=5),
    last_outcome=Outcome.NOT_MODIFIED,
    last_detail="304 Not Modified",
    last_success_at=NOW - timedelta(minutes=5),
    last_new_item_at=NOW - HOUR,
)
BAD = replace(
    GOOD, last_outcome=Outcome.HTTP_ERROR, last_detail="404 Not Found", last_success_at=NOW - 3 * HOUR, failures=5
)
MOVED = replace(GOOD, moved_to="https://new.example/rss", moved_count=1)

STORIES = {
    "well": (GOOD, Fares(word="ok")),
    "unknown": (None, Fares(word="unknown", reason="the daemon has not seen this feed yet")),
    "never polled": (FeedState(feed_id=FEED.id, next_poll_at=NOW), Fares(word="waiting", reason="it was never polled")),
    "paused before it was polled": (
        FeedState(feed_id=FEED.id, next_poll_at=NOW, paused_at=NOW - HOUR),
        Fares(word="paused", reason="for 1 h, until `newsmon feeds resume wire`"),
    ),
    "one failure is none": (replace(BAD, failures=1, last_success_at=NOW - HOUR / 2), Fares(word="ok")),
    "failing": (BAD, Fares(word="failing", reason="404 Not Found since 3 h")),
    "failing from the start": (
        replace(BAD, last_success_at=None, failures=1),
        Fares(word="failing", reason="404 Not Found, it was never read"),
    ),
    "failing without words": (
        replace(BAD, last_detail="", last_outcome=Outcome.TIMEOUT),
        Fares(word="failing", reason="timeout since 3 h"),
    ),
    "not polled any more": (
        replace(GOOD, last_success_at=NOW - 3 * HOUR),
        Fares(word="stale", reason="no success since 3 h"),
    ),
    "failing, but rarely asked": (
        replace(BAD, failures=1),
        Fares(word="stale", reason="no success since 3 h; the last poll: 404 Not Found"),
    ),
    "silent": (
        replace(GOOD, last_new_item_at=NOW - 60 * HOUR, learned=Learned(longest_gap=5 * HOUR, gaps=20)),
        Fares(word="stale", reason="nothing new for 2 d, its longest silence was 5 h"),
    ),
    "paused": (replace(BAD, paused_at=NOW - HOUR), Fares(word="paused", reason="for 1 h, until `newsmon feeds resume wire`")),
    "gone": (
        replace(BAD, last_detail="410 Gone", gone_count=3, gone_since=NOW - 30 * HOUR),
        Fares(word="gone", reason="410 Gone for 1 d; `newsmon feeds resume wire` asks it anew"),
    ),
    "perhaps gone": (
        replace(GOOD, last_detail="410 Gone", gone_count=1, gone_since=NOW - HOUR, failures=1),
        Fares(word="ok", hints=("it says that it is gone for good: believed after three such answers over a day",)),
    ),
    "at a private address": (
        replace(BAD, last_outcome=Outcome.BLOCKED, last_detail="10.1.2.3 is a private address"),
        Fares(
            word="failing",
            reason="10.1.2.3 is a private address since 3 h",
            hints=("add allow_private: [10.1.2.0/24] to this feed, if it is meant",),
        ),
    ),
    "moved": (MOVED, Fares(word="ok", hints=("moved to https://new.example/rss: change its url",))),
    "moved, and asked there": (
        replace(MOVED, moved_count=3),
        Fares(word="ok", hints=("moved to https://new.example/rss, and is asked there: change its url",)),
    ),
    "moved, then changed by its user": (
        replace(MOVED, url="https://old.example/rss"),
        Fares(word="ok", hints=("its url has changed since the last poll",)),
    ),
    "items lost": (
        replace(GOOD, learned=Learned(rolloffs=2, rolled_off_at=NOW - 2 * HOUR)),
        Fares(word="ok", hints=("items may have been lost 2 times, last 2 h ago: a shorter interval helps",)),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("state", "fared"), STORIES.values(), ids=STORIES)
def test_how_a_feed_fares(state: FeedState | None, fared: Fares) -> None:
    assert fares(FEED, state, NOW) == fared


def test_every_pace_and_state_has_its_words() -> None:
    assert set(PACES) == set(Pace)
    assert set(STATES) == {*(word.value for word in FeedWord), "waiting", "unknown"}
