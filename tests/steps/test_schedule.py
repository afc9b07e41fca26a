"""schedule: a feed, its state and a finished poll, each row a situation; what is asserted is when and why it is polled next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model.feed import Feed, FeedState, FeedWord, Learned, Pace
from monitor.model.ids import FeedId
from monitor.model.poll import Outcome, PollResult, Validators
from monitor.steps.schedule import JITTER_MAX, Listing, after_poll, rolled_off, soon, spread, state_word

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
WRITTEN = Feed(id=FeedId("a"), url="https://a.example/rss", publisher="A", interval=10 * MINUTE)
LEARNT = replace(WRITTEN, interval=None)
KNOWN = Learned(pace=10 * MINUTE, listed=20)


def state(**values: object) -> FeedState:
    base = FeedState(
        feed_id=WRITTEN.id,
        next_poll_at=NOW,
        url=WRITTEN.url,
        last_poll_at=NOW - 10 * MINUTE,
        last_success_at=NOW - 10 * MINUTE,
        last_new_item_at=NOW - 10 * MINUTE,
        interval=10 * MINUTE,
        learned=KNOWN,
    )
    return replace(base, **values)  # type: ignore[arg-type]


def result(outcome: Outcome = Outcome.NEW, **values: object) -> PollResult:
    return PollResult(outcome=outcome, detail="", at=NOW, **values)  # type: ignore[arg-type]


def http(status: int, **values: object) -> PollResult:
    return result(Outcome.GONE if status == 410 else Outcome.HTTP_ERROR, status=status, **values)


def listing(new: int, of: int = 20, hint: timedelta | None = None) -> Listing:
    return Listing(entries=of, known=of - new, brought=new, hint=hint)


NETWORK = result(Outcome.NETWORK_ERROR)
NOT_MODIFIED = result(Outcome.NOT_MODIFIED, status=304)
ROLLED = Learned(pace=MINUTE, listed=20, rolled_off_at=NOW - HOUR, rolloffs=1)

ROWS = {
    # a written interval is a promise
    "written: nothing new": (WRITTEN, state(), NOT_MODIFIED, None, 10 * MINUTE, Pace.CONFIGURED),
    "written: something new": (WRITTEN, state(), result(), listing(2), 10 * MINUTE, Pace.CONFIGURED),
    "written: half of it new": (WRITTEN, state(), result(), listing(10), 5 * MINUTE, Pace.BUSY),
    "written: all of it new": (WRITTEN, state(), result(), listing(20), MINUTE, Pace.ROLLED_OFF),
    "written: the first document": (
        WRITTEN,
        state(learned=Learned()),
        result(),
        listing(20),
        10 * MINUTE,
        Pace.CONFIGURED,
    ),
    "written: no hint makes it slower": (
        WRITTEN,
        state(),
        result(fresh_for=HOUR),
        listing(1, hint=HOUR),
        10 * MINUTE,
        Pace.CONFIGURED,
    ),
    "written: back to it, step by step": (
        WRITTEN,
        state(learned=replace(KNOWN, pace=4 * MINUTE)),
        NOT_MODIFIED,
        None,
        5 * MINUTE,
        Pace.BUSY,
    ),
    "written: shorter than min_interval": (
        replace(WRITTEN, interval=timedelta(seconds=20)),
        state(),
        result(),
        listing(20),
        timedelta(seconds=20),
        Pace.CONFIGURED,
    ),
    "written: never less than min_interval": (
        replace(WRITTEN, min_interval=3 * MINUTE),
        state(),
        result(),
        listing(20),
        3 * MINUTE,
        Pace.ROLLED_OFF,
    ),
    # where none is written, the pace is learned
    "learned: the first document": (LEARNT, state(learned=Learned()), result(), listing(20), 10 * MINUTE, Pace.LEARNED),
    "learned: nothing new": (LEARNT, state(), NOT_MODIFIED, None, 12.5 * MINUTE, Pace.LEARNED),
    "learned: at most half an hour": (
        LEARNT,
        state(learned=replace(KNOWN, pace=29 * MINUTE)),
        NOT_MODIFIED,
        None,
        30 * MINUTE,
        Pace.LEARNED,
    ),
    "learned: something new": (LEARNT, state(), result(), listing(1), 8 * MINUTE, Pace.LEARNED),
    "learned: much of it new": (LEARNT, state(), result(), listing(10), 5 * MINUTE, Pace.LEARNED),
    "learned: much of it new after a night off": (
        LEARNT,
        state(last_success_at=NOW - 8 * HOUR),
        result(),
        listing(15),
        8 * MINUTE,
        Pace.LEARNED,
    ),
    "learned: never under min_interval": (
        LEARNT,
        state(learned=replace(KNOWN, pace=MINUTE)),
        result(),
        listing(19),
        MINUTE,
        Pace.LEARNED,
    ),
    "learned: rolled off": (LEARNT, state(), result(), listing(20), MINUTE, Pace.ROLLED_OFF),
    "learned: an empty document teaches nothing": (
        LEARNT,
        state(),
        result(),
        listing(0, 0),
        12.5 * MINUTE,
        Pace.LEARNED,
    ),
    "learned: nothing known, never reached": (
        LEARNT,
        state(learned=Learned()),
        NETWORK,
        None,
        10 * MINUTE,
        Pace.FAILING,
    ),
    # the publisher's hints
    "hint: by the document": (LEARNT, state(), result(), listing(1, hint=20 * MINUTE), 20 * MINUTE, Pace.HINT),
    "hint: by the header": (LEARNT, state(), result(fresh_for=15 * MINUTE), listing(1), 15 * MINUTE, Pace.HINT),
    "hint: of an earlier document": (
        LEARNT,
        state(learned=replace(KNOWN, hint=25 * MINUTE)),
        NOT_MODIFIED,
        None,
        25 * MINUTE,
        Pace.HINT,
    ),
    "hint: at most half an hour": (LEARNT, state(), result(fresh_for=7 * HOUR), listing(1), 30 * MINUTE, Pace.HINT),
    "hint: shorter than the pace": (LEARNT, state(), result(fresh_for=MINUTE), listing(1), 8 * MINUTE, Pace.LEARNED),
    "hint: not after items were lost": (
        LEARNT,
        state(learned=ROLLED),
        result(fresh_for=HOUR),
        listing(4),
        MINUTE,
        Pace.ROLLED_OFF,
    ),
    # what passes by itself
    "N1 network: once costs nothing": (WRITTEN, state(), NETWORK, None, 10 * MINUTE, Pace.FAILING),
    "N1 network: twice": (WRITTEN, state(failures=1), NETWORK, None, 20 * MINUTE, Pace.FAILING),
    "N1 network: at most half an hour": (
        WRITTEN,
        state(failures=5, interval=20 * MINUTE),
        NETWORK,
        None,
        30 * MINUTE,
        Pace.FAILING,
    ),
    "network: a feed of every hour stays so": (
        replace(WRITTEN, interval=HOUR),
        state(failures=9, interval=HOUR, learned=Learned(pace=HOUR, listed=9)),
        NETWORK,
        None,
        HOUR,
        Pace.FAILING,
    ),
    "500": (WRITTEN, state(failures=1), http(500), None, 20 * MINUTE, Pace.FAILING),
    "no feed": (WRITTEN, state(failures=1), result(Outcome.PARSE_ERROR, status=200), None, 20 * MINUTE, Pace.FAILING),
    "P18 limits of reading: twice": (
        WRITTEN,
        state(failures=1),
        result(Outcome.PARSE_ERROR, limit=True),
        None,
        20 * MINUTE,
        Pace.FAILING,
    ),
    "P18 limits of reading: three times": (
        WRITTEN,
        state(failures=2, interval=20 * MINUTE),
        result(Outcome.PARSE_ERROR, limit=True),
        None,
        HOUR,
        Pace.FAILING,
    ),
    # what somebody must mend
    "N20 403: once": (WRITTEN, state(), http(403), None, 10 * MINUTE, Pace.REFUSED),
    "N20 404: for hours": (WRITTEN, state(failures=6, interval=5 * HOUR), http(404), None, 10 * HOUR, Pace.REFUSED),
    "N20 401: daily at least": (
        WRITTEN,
        state(failures=99, interval=20 * HOUR),
        http(401),
        None,
        24 * HOUR,
        Pace.REFUSED,
    ),
    "N21 410: once": (WRITTEN, state(), http(410), None, 10 * MINUTE, Pace.FAILING),
    "N21 410: three times within an hour": (
        WRITTEN,
        state(failures=2, interval=10 * MINUTE, gone_count=2, gone_since=NOW - HOUR),
        http(410),
        None,
        20 * MINUTE,
        Pace.FAILING,
    ),
    "N21 410: three times over a day": (
        WRITTEN,
        state(failures=2, gone_count=2, gone_since=NOW - 24 * HOUR),
        http(410),
        None,
        24 * HOUR,
        Pace.GONE,
    ),
    # what asks for a pause
    "N22 429: slower at once": (WRITTEN, state(), http(429), None, 20 * MINUTE, Pace.THROTTLED),
    "N22 429: at most six hours": (
        WRITTEN,
        state(failures=9, interval=5 * HOUR),
        http(429),
        None,
        6 * HOUR,
        Pace.THROTTLED,
    ),
    # whose network it is
    "offline: frozen": (WRITTEN, state(failures=4, interval=30 * MINUTE), NETWORK, None, MINUTE, Pace.OFFLINE),
    # recovery
    "recovered: the pace from before": (
        LEARNT,
        state(failures=7, interval=30 * MINUTE, learned=replace(KNOWN, pace=4 * MINUTE)),
        NOT_MODIFIED,
        None,
        5 * MINUTE,
        Pace.LEARNED,
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_interval_and_why(name: str) -> None:
    feed, before, polled, listed, interval, why = ROWS[name]
    after = after_poll(feed, before, polled, listed, offline=why is Pace.OFFLINE)
    assert (after.interval, after.pace) == (interval, why)
    assert interval * 0.95 - timedelta(seconds=1) <= after.next_poll_at - NOW <= interval
    assert interval - (after.next_poll_at - NOW) <= JITTER_MAX


RETRIES = {
    "N22 longer than the interval": (timedelta(hours=2), 2 * HOUR, Pace.THROTTLED),
    "N22 shorter than the interval": (MINUTE, None, Pace.THROTTLED),
    "N22 ten years": (timedelta(days=3650), 24 * HOUR, Pace.THROTTLED),
}


@pytest.mark.parametrize("name", RETRIES)
def test_retry_after_delays_one_poll_and_not_the_pace(name: str) -> None:
    asked, pause, why = RETRIES[name]
    after = after_poll(WRITTEN, state(), http(429, retry_after=asked))
    assert (after.interval, after.pace) == (20 * MINUTE, why)
    if pause is not None:
        assert after.next_poll_at == NOW + pause
    recovered = after_poll(WRITTEN, after, replace(NOT_MODIFIED, at=after.next_poll_at))
    assert recovered.interval == 10 * MINUTE


def test_while_our_network_is_down_no_failure_is_held_against_a_feed() -> None:
    after = after_poll(WRITTEN, state(failures=1), NETWORK, offline=True)
    assert (after.failures, after.last_outcome) == (1, Outcome.NETWORK_ERROR)


def test_jitter_can_be_computed_again_and_is_not_the_same_for_all() -> None:
    twice = [after_poll(WRITTEN, state(), NOT_MODIFIED).next_poll_at for _ in range(2)]
    others = {
        after_poll(replace(WRITTEN, id=FeedId(f"feed-{n}")), state(), NOT_MODIFIED).next_poll_at for n in range(20)
    }
    assert twice[0] == twice[1]
    assert len(others) == 20


OVERLAPS = {
    "nothing known": (listing(20), 20, True),
    "one known": (listing(19), 20, False),
    "the first document": (listing(20), 0, False),
    "an empty document": (listing(0, 0), 20, False),
    "a feed of one entry": (listing(1, 1), 1, True),
}


@pytest.mark.parametrize("name", OVERLAPS)
def test_roll_off_is_no_overlap_between_two_documents(name: str) -> None:
    listed, before, expected = OVERLAPS[name]
    known = state(learned=replace(KNOWN, listed=before))
    after = after_poll(WRITTEN, known, result(), listed)
    assert rolled_off(known, listed) is expected
    assert (after.learned.rolloffs, after.learned.rolled_off_at) == ((1, NOW) if expected else (0, None))


VALIDATORS = Validators(etag='"1"', last_modified="yesterday", body_hash="h", entry_hashes=frozenset({b"12345678"}))
NEWER = Validators(etag='"2"', body_hash="i")
KEPT = {
    "200 replaces both": (result(validators=NEWER), NEWER),
    "the same body replaces both": (result(Outcome.UNCHANGED, validators=NEWER), NEWER),
    "304 keeps them": (result(Outcome.NOT_MODIFIED, validators=VALIDATORS), VALIDATORS),
    "500 keeps them": (http(500, validators=VALIDATORS), VALIDATORS),
    "no network keeps them": (NETWORK, VALIDATORS),
    # the next request is unconditional: a 304 must not pass for a recovery
    "no feed drops them": (
        result(Outcome.PARSE_ERROR, validators=NEWER),
        replace(VALIDATORS, etag=None, last_modified=None),
    ),
    "too large drops them": (result(Outcome.TOO_LARGE), replace(VALIDATORS, etag=None, last_modified=None)),
    "undecodable drops them": (result(Outcome.DECODE_ERROR), replace(VALIDATORS, etag=None, last_modified=None)),
}


@pytest.mark.parametrize("name", KEPT)
def test_which_validators_are_kept(name: str) -> None:
    polled, expected = KEPT[name]
    assert after_poll(WRITTEN, state(validators=VALIDATORS), polled).validators == expected


def test_validators_of_another_url_are_worthless() -> None:
    before = state(validators=VALIDATORS, url="https://old.example/rss")
    assert after_poll(WRITTEN, before, NETWORK).validators == Validators()


THERE = "https://new.example/rss"
MOVES = {
    "N10 once": (("", 0), result(permanent_url=THERE, status=200), (THERE, 1), ""),
    "N10 three times in a row": ((THERE, 2), result(permanent_url=THERE, status=200), (THERE, 3), THERE),
    "to another place": ((THERE, 2), result(permanent_url=THERE + "2", status=200), (THERE + "2", 1), ""),
    "not any more": ((THERE, 2), NOT_MODIFIED, ("", 0), ""),
    "an outage says nothing": ((THERE, 2), NETWORK, (THERE, 2), ""),
    "learned, and it answers there": ((THERE, 3), NOT_MODIFIED, (THERE, 3), THERE),
    "learned, and its server stumbles": ((THERE, 3), http(502), (THERE, 3), THERE),
    "learned, but it is not there": ((THERE, 3), http(404), ("", 0), ""),
    "learned, but there is no feed": ((THERE, 3), result(Outcome.PARSE_ERROR, status=200), ("", 0), ""),
}


@pytest.mark.parametrize("name", MOVES)
def test_permanent_redirects_are_learned_after_repeated_answers(name: str) -> None:
    (place, count), polled, expected, asked = MOVES[name]
    after = after_poll(WRITTEN, state(moved_to=place, moved_count=count), polled)
    assert ((after.moved_to, after.moved_count), after.moved) == (expected, asked)


GAPS = Learned(pace=10 * MINUTE, listed=20, longest_gap=5 * HOUR, gaps=10)
WORDS = {
    "ok": (state(), FeedWord.OK),
    "one failure": (state(failures=2), FeedWord.OK),
    "three failures": (state(failures=3), FeedWord.FAILING),
    "one failure of a feed that never answered": (state(failures=1, last_success_at=None), FeedWord.FAILING),
    "no success for long": (state(last_success_at=NOW - HOUR), FeedWord.STALE),
    "quiet for less than three of its longest gaps": (
        state(learned=GAPS, last_new_item_at=NOW - 24 * HOUR),
        FeedWord.OK,
    ),
    "quiet for far longer than ever": (state(learned=GAPS, last_new_item_at=NOW - 25 * HOUR), FeedWord.STALE),
    "quiet, but little is known of it": (
        state(learned=replace(GAPS, gaps=9), last_new_item_at=NOW - 99 * HOUR),
        FeedWord.OK,
    ),
    "paused": (state(failures=3, paused_at=NOW), FeedWord.PAUSED),
    "gone": (state(failures=3, gone_count=3, gone_since=NOW - 30 * HOUR), FeedWord.GONE),
}


@pytest.mark.parametrize("name", WORDS)
def test_how_a_feed_fares_in_a_word(name: str) -> None:
    known, word = WORDS[name]
    assert state_word(WRITTEN, known, NOW) is word


def test_gaps_between_new_items_are_learned_and_fade() -> None:
    known = state(learned=replace(KNOWN, longest_gap=HOUR, gaps=3))
    after = after_poll(WRITTEN, known, result(), listing(1))
    assert (after.learned.longest_gap, after.learned.gaps) == (HOUR * 0.98, 4)
    longer = after_poll(WRITTEN, replace(known, last_new_item_at=NOW - 5 * HOUR), result(), listing(1))
    assert longer.learned.longest_gap == 5 * HOUR
    assert after_poll(WRITTEN, known, result(), listing(0)).learned.gaps == 3


def test_few_feeds_that_are_due_together_are_polled_now() -> None:
    few = [(replace(WRITTEN, id=FeedId(f"f{n}")), NOW) for n in range(20)]
    assert set(spread(few, NOW).values()) == {NOW}


@pytest.mark.parametrize(("count", "within"), [(100, timedelta(seconds=5)), (20_000, 10 * MINUTE)])
def test_many_feeds_that_are_due_together_form_a_queue(count: int, within: timedelta) -> None:
    times = sorted(spread([(replace(WRITTEN, id=FeedId(f"f{n}")), NOW) for n in range(count)], NOW).values())
    assert NOW <= times[0] < times[-1] <= NOW + within
    busiest = max(
        sum(t - MINUTE / 60 < other <= t for other in times[max(0, i - 80) : i + 1]) for i, t in enumerate(times)
    )
    assert busiest <= 80  # of 20 to 34 a second on average: no burst


def test_after_an_outage_everybody_is_polled_within_a_minute() -> None:
    times = soon([FeedId(f"f{n}") for n in range(100)], NOW, MINUTE).values()
    assert all(NOW <= moment < NOW + MINUTE for moment in times)
    assert len(set(times)) == 100
