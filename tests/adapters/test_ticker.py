import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from monitor.adapters.ticker import Ticker, _Every

NOW = datetime(2025, 2, 24, 10, tzinfo=UTC)
SOON = timedelta(milliseconds=5)
RARELY = timedelta(hours=1)


class Clock:
    """Moved by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def luck(self) -> float:
        return 0.5

    def token(self) -> str:
        return "token"


class Runs(Counter[tuple[str, str]]):
    """The part of a Meter that a ticker feeds."""

    def __init__(self) -> None:
        super().__init__()
        self.news = asyncio.Event()

    def ran(self, job: str, outcome: str) -> None:
        self[job, outcome] += 1
        self.news.set()

    async def reach(self, job: str, outcome: str, count: int) -> None:
        async with asyncio.timeout(10):
            while self[job, outcome] < count:
                self.news.clear()
                await self.news.wait()


class Stage:
    """A ticker, its clock and its meter."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.runs = Runs()
        self.ticker = Ticker(self.clock, self.runs)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_job_runs_at_once_and_then_every_so_often(stage: Stage) -> None:
    async def play() -> None:
        stage.ticker.every("poll", SOON, noop)
        stage.ticker.every("housekeep", RARELY, noop)
        stage.ticker.start()
        await stage.runs.reach("poll", "ok", 3)
        await stage.ticker.stop()

    asyncio.run(play())
    assert stage.runs["housekeep", "ok"] == 1
    assert set(stage.runs) == {("poll", "ok"), ("housekeep", "ok")}


async def noop() -> None:
    pass


def test_a_run_that_is_due_while_the_last_one_is_busy_is_skipped_and_counted(stage: Stage) -> None:
    async def play() -> None:
        free = asyncio.Event()
        stage.ticker.every("poll", SOON, free.wait)
        stage.ticker.start()
        await stage.runs.reach("poll", "skipped", 2)
        assert stage.runs["poll", "ok"] == 0
        free.set()
        await stage.runs.reach("poll", "ok", 2)
        await stage.ticker.stop()

    asyncio.run(play())


def test_a_job_that_fails_stops_neither_itself_nor_others(stage: Stage) -> None:
    async def fail() -> None:
        raise LookupError("no such feed")

    async def play() -> None:
        stage.ticker.every("poll", SOON, fail)
        stage.ticker.every("deliver", SOON, noop)
        stage.ticker.start()
        await stage.runs.reach("poll", "error", 3)
        await stage.runs.reach("deliver", "ok", 3)
        await stage.ticker.stop()

    asyncio.run(play())


def test_a_failure_is_told_once_a_minute_for_each_kind(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    failures = iter([LookupError("a"), LookupError("b"), OSError("c"), LookupError("d"), LookupError("e")])
    minutes = (0, 0.5, 0.6, 0.9, 1.1)

    async def fail() -> None:
        raise next(failures)

    async def play() -> None:
        stage.ticker.every("poll", RARELY, fail)
        for minute in minutes:
            stage.clock.time = NOW + timedelta(minutes=minute)
            await stage.ticker.run("poll")

    asyncio.run(play())
    told = [(record.error, record.failures_untold) for record in caplog.records if record.levelno == logging.ERROR]
    assert told == [("a", 0), ("c", 0), ("e", 2)]
    assert stage.runs == {("poll", "error"): 5}


def test_the_last_run_is_when_it_began(stage: Stage) -> None:
    async def slow() -> None:
        stage.clock.time += timedelta(seconds=30)

    async def play() -> tuple[datetime | None, datetime | None]:
        stage.ticker.every("poll", RARELY, slow)
        before = stage.ticker.last_run("poll")
        await stage.ticker.run("poll")
        return before, stage.ticker.last_run("poll")

    assert asyncio.run(play()) == (None, NOW)


def test_stop_lets_a_run_end_and_starts_no_other(stage: Stage) -> None:
    ended: list[bool] = []

    async def play() -> None:
        begun, free = asyncio.Event(), asyncio.Event()

        async def job() -> None:
            begun.set()
            await free.wait()
            ended.append(True)

        stage.ticker.every("poll", SOON, job)
        stage.ticker.every("deliver", SOON, noop)
        stage.ticker.start()
        await begun.wait()
        stopping = asyncio.create_task(stage.ticker.stop())
        await asyncio.sleep(SOON.total_seconds())
        runs = dict(stage.runs)
        await asyncio.sleep(SOON.total_seconds() * 3)
        assert (stage.runs, stopping.done()) == (runs, False)
        free.set()
        await stopping

    asyncio.run(play())
    assert ended == [True]
    assert stage.runs["poll", "ok"] == 1


def test_stop_cancels_what_does_not_end_in_time(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        begun = asyncio.Event()

        async def job() -> None:
            begun.set()
            await asyncio.Event().wait()

        stage.ticker.every("poll", RARELY, job)
        stage.ticker.start()
        await begun.wait()
        await stage.ticker.stop(SOON)

    asyncio.run(play())
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "poll did not end in time and was cancelled"
    ]


def test_after_stop_nothing_runs(stage: Stage) -> None:
    async def play() -> None:
        stage.ticker.every("poll", SOON, noop)
        stage.ticker.start()
        await stage.runs.reach("poll", "ok", 1)
        await stage.ticker.stop()
        runs = stage.runs["poll", "ok"]
        await asyncio.sleep(SOON.total_seconds() * 5)
        assert stage.runs["poll", "ok"] == runs

    asyncio.run(play())


def test_stop_without_start_is_nothing(stage: Stage) -> None:
    asyncio.run(stage.ticker.stop())


def test_a_clock_that_is_set_back_does_not_put_the_ticker_to_sleep(stage: Stage) -> None:
    async def play() -> None:
        stage.ticker.every("poll", SOON, noop)
        stage.ticker.start()
        await stage.runs.reach("poll", "ok", 1)
        # an hour back for the clock is an hour ahead for what is due
        stage.ticker._scheduler.modify_job("poll", next_run_time=datetime.now(UTC) + timedelta(hours=1))
        runs = stage.runs["poll", "ok"]
        await stage.runs.reach("poll", "ok", runs + 2)
        await stage.ticker.stop()

    asyncio.run(play())


@pytest.mark.parametrize(
    ("previous", "due"),
    [
        (None, NOW),
        (NOW - timedelta(seconds=0.5), NOW + timedelta(seconds=0.5)),
        (NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)),
        (NOW - timedelta(hours=8), NOW + timedelta(seconds=1)),
        (datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(seconds=1)),
    ],
    ids=["first", "in step", "just due", "the machine slept", "the clock was wrong"],
)
def test_missed_times_are_one_run(previous: datetime | None, due: datetime) -> None:
    assert _Every(timedelta(seconds=1)).get_next_fire_time(previous, NOW) == due
