"""A simulated week: what publishers would complain of, what readers would miss. The clock is moved by hand, the servers are scripted."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from monitor.model.feed import Feed, Pace
from monitor.model.ids import FeedId
from monitor.model.poll import FetchFailure, Outcome, Request, Response
from tests.loops.week import DAY, HOUR, MINUTE, SECOND, START, Publisher, Week, every

TEN = 10 * MINUTE


def written(name: str, interval: timedelta = TEN) -> Feed:
    return Feed(id=FeedId(name), url=Publisher(name, every(DAY)).url, publisher=name, interval=interval)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where the machine has such a folder: thousands of commits would wait for a disk, and nobody here asks what it keeps."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(prefix="newsmon-week-", dir=memory) as made:
        yield Path(made)


@pytest.fixture
def weeks(folder: Path) -> Iterator[list[Week]]:
    made: list[Week] = []
    yield made
    for week in made:
        week.close()


def within(start: timedelta, end: timedelta, now: datetime) -> bool:
    return start <= now - START < end


def flaky(publisher: Publisher, request: Request, now: datetime) -> Response | FetchFailure | None:
    if within(DAY, DAY + 3 * HOUR, now):
        return publisher.respond(503, ("retry-after", "600"))
    if within(2 * DAY, 2 * DAY + HOUR, now):
        return FetchFailure(outcome=Outcome.TIMEOUT, detail="slow")
    return None


def throttling(publisher: Publisher, request: Request, now: datetime) -> Response | None:
    if publisher.not_before is not None and now < publisher.not_before + TEN:
        return None
    if len(publisher.asked) % 50 == 10:
        wait = 2 * HOUR
        publisher.not_before = now + wait
        as_date = len(publisher.asked) % 100 == 60
        return publisher.respond(429, ("retry-after", format_datetime(now + wait, usegmt=True) if as_date else "7200"))
    return None


def moved(publisher: Publisher, request: Request, now: datetime) -> Response | None:
    there = publisher.url.replace("https://", "https://new-")
    if request.url == there:
        return publisher.document(request, now, url=there)
    if len(publisher.asked) > 20:
        return replace(publisher.document(request, now, url=there), permanent_url=there)
    return None


def redirected(publisher: Publisher, request: Request, now: datetime) -> Response | None:
    return publisher.document(request, now, url=publisher.url + "&cdn=1")


def gone(publisher: Publisher, request: Request, now: datetime) -> Response | None:
    return publisher.respond(410) if now - START > DAY else None


def forbidden(publisher: Publisher, request: Request, now: datetime) -> Response | None:
    return publisher.respond(404) if now - START > HOUR else None


def stuck(publisher: Publisher, request: Request, now: datetime) -> Response | None:
    """Says 304 to everybody who knows anything."""
    return publisher.respond(304) if publisher.conditional else None


def login(publisher: Publisher, request: Request, now: datetime) -> Response | None:
    """For half a day there is a page to log in instead, and 304 to whoever has seen any document."""
    if within(3 * DAY, 3 * DAY + 12 * HOUR, now):
        return publisher.respond(304) if publisher.conditional else publisher.respond(200, body=b"<html>log in</html>")
    return None


def test_a_week_without_a_violation(weeks: list[Week], folder: Path) -> None:
    publishers = [
        Publisher("steady", every(HOUR), slowest=TEN + 2 * SECOND, fastest=9 * MINUTE),
        Publisher("busy", every(10 * MINUTE)),
        Publisher("weekly", every(7 * DAY)),
        Publisher("bare", every(HOUR), gives_validators=False),
        Publisher("hinting", every(HOUR), headers=(("cache-control", "max-age=1200"),), fastest=19 * MINUTE),
        Publisher("empty", lambda _: 0),
        Publisher("flaky", every(HOUR), answer=flaky),
        Publisher("throttling", every(HOUR), answer=throttling),
        Publisher("moved", every(HOUR), answer=moved),
        Publisher("redirected", every(HOUR), answer=redirected),
        Publisher("gone", every(HOUR), answer=gone),
        Publisher("forbidden", every(HOUR), answer=forbidden),
        Publisher("stuck", every(HOUR), answer=stuck),
        Publisher("login", every(HOUR), answer=login),
    ]
    week = Week(folder, publishers, steady=written("steady"), stuck=written("stuck"), login=written("login"))
    weeks.append(week)
    week.run(7 * DAY)
    by_name = week.publishers

    assert week.violations() == []
    missing = {name: len(publisher.listed) - week.stored(name) for name, publisher in by_name.items()}
    assert missing == dict.fromkeys(by_name, 0)
    # nothing is lost, wherever the publisher let anybody see it; who says 304 for ever is not believed for more than six hours
    unseen = {name: publisher.published(week.clock.time) - week.stored(name) for name, publisher in by_name.items()}
    behind = {name: count for name, count in unseen.items() if count > 1 and name not in {"gone", "forbidden"}}
    assert set(behind) <= {"stuck"}
    assert unseen["stuck"] <= 6
    assert sum(week.state(name).learned.rolloffs for name in by_name) == 0
    assert week.meter.outcomes["network_error"] == 0

    after_gone = [moment for moment in by_name["gone"].asked if moment - START > 2 * DAY + HOUR]
    assert 4 <= len(after_gone) <= 6, "a feed that is gone is asked once a day"
    assert week.state("gone").pace is Pace.GONE
    forbidden_gaps = _gaps(by_name["forbidden"])
    assert (max(forbidden_gaps) <= DAY + MINUTE, len(by_name["forbidden"].asked) < 40) == (True, True)
    old_place = [url for url in by_name["moved"].urls[25:] if "new-" not in url]
    assert old_place == [], "a permanent redirect is learned after three answers"
    assert len(set(by_name["redirected"].urls)) == 1, "a temporary one never is"
    assert max(_gaps(by_name["empty"])) <= 31 * MINUTE
    assert week.state("login").failures == 0
    page = [
        conditional
        for moment, conditional in by_name["login"].conditionals
        if within(3 * DAY, 3 * DAY + 12 * HOUR, moment)
    ]
    assert not any(page[page.index(False) :]), "once the page was seen, no 304 could pass for a recovery"


def _gaps(publisher: Publisher) -> list[timedelta]:
    return [later - sooner for sooner, later in zip(publisher.asked, publisher.asked[1:], strict=False)]


CHANGES = {
    # window, items lost: while the pace was learned to be half an hour, a window of thirty can hold what comes in that time
    "a window of fifty": (50, 0),
    "a window of thirty-two": (32, 0),
    "a window of ten": (10, 20),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_publisher_that_goes_from_one_item_a_day_to_one_a_minute(
    weeks: list[Week], folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    window, lost_at_most = CHANGES[name]
    change = DAY + 7 * MINUTE

    def published(now: datetime) -> int:
        passed = now - START
        return window + (passed // DAY if passed < change else 1 + (passed - change) // MINUTE)

    publisher = Publisher("paper", published, window=window)
    week = Week(folder, [publisher])
    weeks.append(week)
    week.run(change)
    quiet = len(publisher.asked)
    week.run(5 * HOUR)
    lost = published(publisher.asked[-1]) - week.stored("paper")
    with capsys.disabled():
        polls = len(publisher.asked) - quiet
        print(f"\n{name}: {quiet} polls for one item in a day, then {polls} for 300 in five hours: {lost} lost")  # noqa: T201  figures for a reader
    assert week.violations() == []
    assert 0 <= lost <= lost_at_most
    assert week.state("paper").learned.rolloffs == (1 if lost else 0)
    assert quiet <= 48 * 1.2  # half an hour, as nothing happened
    assert week.state("paper").interval <= 2 * MINUTE


def _fleet(count: int) -> list[Publisher]:
    return [Publisher(f"p{n}", every(HOUR)) for n in range(count)]


def _busiest_second(week: Week, since: datetime) -> int:
    moments = Counter(
        moment.replace(microsecond=0) for each in week.publishers.values() for moment in each.asked if moment >= since
    )
    return max(moments.values())


@pytest.mark.parametrize("how", ["a restart", "a long sleep", "the first start"])
def test_many_feeds_cause_no_burst_after(how: str, weeks: list[Week], folder: Path) -> None:
    week = Week(folder, _fleet(120))
    weeks.append(week)
    since = week.clock.time
    if how != "the first start":
        week.run(12 * MINUTE)
        week.sleep(8 * HOUR)
        since = week.clock.time
        if how == "a restart":
            week.restart()
    asked = {name: len(each.asked) for name, each in week.publishers.items()}
    week.run(30 * SECOND)
    polled = sum(len(each.asked) - asked[name] for name, each in week.publishers.items())
    assert polled == 120
    assert _busiest_second(week, since) <= 40
    assert week.violations() == []


def test_a_clock_that_is_set_back_stops_nobody(weeks: list[Week], folder: Path) -> None:
    week = Week(folder, _fleet(5))
    weeks.append(week)
    week.run(HOUR)
    week.clock.time -= 30 * DAY
    for publisher in week.publishers.values():
        publisher.asked.clear()
    week.run(40 * MINUTE)
    assert all(publisher.asked for publisher in week.publishers.values())


def test_a_restart_polls_nobody_early(weeks: list[Week], folder: Path) -> None:
    week = Week(folder, _fleet(5), **{f"p{n}": written(f"p{n}") for n in range(5)})
    weeks.append(week)
    week.run(3 * MINUTE)
    asked = [len(each.asked) for each in week.publishers.values()]
    for _ in range(3):
        week.restart()
        week.run(MINUTE)
    assert [len(each.asked) for each in week.publishers.values()] == asked


def test_our_own_broken_network_holds_nobody_responsible_and_recovers_at_once(weeks: list[Week], folder: Path) -> None:
    week = Week(folder, _fleet(20), **{f"p{n}": written(f"p{n}") for n in range(20)})
    weeks.append(week)
    week.run(30 * MINUTE)
    week.network_is_down = True
    week.run(2 * HOUR)
    assert max(week.state(name).failures for name in week.publishers) <= 2
    week.network_is_down = False
    back = week.clock.time
    week.run(3 * MINUTE)
    late = [name for name, each in week.publishers.items() if each.asked[-1] < back]
    assert late == []
    assert {week.state(name).last_outcome for name in week.publishers} <= {Outcome.NEW, Outcome.NOT_MODIFIED}
    assert _busiest_second(week, back) <= 10


@pytest.mark.parametrize("count", [1, 2])
def test_with_few_hosts_our_own_network_must_say_so_itself(weeks: list[Week], folder: Path, count: int) -> None:
    week = Week(folder, _fleet(count), **{f"p{n}": written(f"p{n}") for n in range(count)})
    weeks.append(week)
    week.run(30 * MINUTE)
    week.network_is_down = week.stays = True
    week.run(40 * MINUTE)
    assert max(week.state(name).failures for name in week.publishers) <= count - 1
    week.network_is_down = False
    back = week.clock.time
    week.run(2 * MINUTE)
    assert [name for name, each in week.publishers.items() if each.asked[-1] < back] == []


def test_a_feed_that_no_name_server_knows_for_long_is_held_responsible(weeks: list[Week], folder: Path) -> None:
    week = Week(folder, _fleet(1), p0=written("p0"))
    weeks.append(week)
    week.run(30 * MINUTE)
    week.network_is_down = week.stays = True
    week.run(2 * HOUR)
    state = week.state("p0")
    assert (state.failures >= 3, state.pace) == (True, Pace.FAILING)
    week.network_is_down = False
    week.run(31 * MINUTE)
    assert week.state("p0").failures == 0


def test_a_server_that_is_down_is_held_responsible_at_once_where_it_is_alone(weeks: list[Week], folder: Path) -> None:
    week = Week(folder, _fleet(1), p0=written("p0"))
    weeks.append(week)
    week.run(30 * MINUTE)
    week.network_is_down = True
    week.run(HOUR)
    assert (week.state("p0").failures >= 3, week.state("p0").pace) == (True, Pace.FAILING)
