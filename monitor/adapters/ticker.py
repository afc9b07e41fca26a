"""ticker: recurring jobs in, their runs out, each counted and none able to stop the others.

The only room that imports APScheduler.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.ports import Clock, Meter

COMPLAINT_EVERY = timedelta(minutes=1)
CLOCK_WATCH_MAX = timedelta(minutes=1)
STOP_MAX = timedelta(seconds=10)

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]


class _Every(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Due every `interval`, however far the clock jumps ahead.

    APScheduler's own interval trigger lists every missed time before it coalesces them: on a machine that boots in 1970
    and then hears of NTP, each second of half a century.
    """

    def __init__(self, interval: timedelta) -> None:
        self.interval = interval

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        if previous is None:
            return now
        due = previous + self.interval
        return due if due > now else now + self.interval


class Ticker:
    """Runs each job when started and then every so often: never twice at a time, and late rather than not at all."""

    def __init__(self, clock: Clock, meter: Meter) -> None:
        self._clock = clock
        self._meter = meter
        self._jobs: dict[str, Job] = {}
        self._last_runs: dict[str, datetime] = {}
        self._complaints: dict[tuple[str, type[Exception]], tuple[datetime, int]] = {}
        self._running: set[asyncio.Task[object]] = set()
        self._watch: asyncio.TimerHandle | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._scheduler.add_listener(self._left_out, EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)

    def every(self, name: str, interval: timedelta, job: Job) -> None:
        self._jobs[name] = job
        self._scheduler.add_job(self._tick, _Every(interval), args=(name,), id=name)

    def start(self) -> None:
        """Needs a running event loop."""
        self._scheduler.start()
        self._watch_clock()

    async def stop(self, limit: timedelta = STOP_MAX) -> None:
        """Starts nothing more and returns when what runs has ended; what needs longer than `limit` is cancelled."""
        if self._watch is None:
            return
        self._watch.cancel()
        self._watch = None
        self._scheduler.pause()
        await asyncio.sleep(0)  # a run that was due in this turn of the loop enters `_running`
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=limit.total_seconds())
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # APScheduler shuts itself down in the next turn of the loop

    async def run(self, name: str) -> None:
        """One run, now, counted; each kind of failure is told once a minute. A hand-moved clock ticks by this."""
        self._last_runs[name] = self._clock.now()
        try:
            await self._jobs[name]()
        except Exception as failure:  # noqa: BLE001  whatever a job does, the next one runs
            self._meter.ran(name, "error")
            self._complain(name, failure)
        else:
            self._meter.ran(name, "ok")

    def last_run(self, name: str) -> datetime | None:
        """When the job last began."""
        return self._last_runs.get(name)

    async def _tick(self, name: str) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  a coroutine that runs is in a task
        self._running.add(task)
        try:
            await self.run(name)
        except asyncio.CancelledError:
            log.warning("%s did not end in time and was cancelled", name, extra={"job": name})
        finally:
            self._running.discard(task)

    def _left_out(self, event: JobEvent) -> None:
        self._meter.ran(event.job_id, "skipped" if event.code == EVENT_JOB_MAX_INSTANCES else "missed")

    def _complain(self, name: str, failure: Exception) -> None:
        kind = (name, type(failure))
        now = self._clock.now()
        told_at, untold = self._complaints.get(kind, (None, 0))
        if told_at is not None and abs(now - told_at) < COMPLAINT_EVERY:
            self._complaints[kind] = (told_at, untold + 1)
            return
        self._complaints[kind] = (now, 0)
        log.error(
            "%s failed; it is run again when it is due",
            name,
            exc_info=failure,
            extra={"job": name, "error": str(failure), "failures_untold": untold},
        )

    def _watch_clock(self) -> None:
        """APScheduler waits for a time of day: set the clock back by an hour, and it would sleep for that hour.

        This watch waits by the monotonic clock and makes due what is further away than its own interval.
        """
        now = datetime.now(UTC)
        pause = CLOCK_WATCH_MAX
        for job in self._scheduler.get_jobs():
            pause = min(pause, job.trigger.interval)
            if job.next_run_time - now > job.trigger.interval:
                log.warning("the clock was set back: %s is due now", job.id, extra={"job": job.id})
                job.modify(next_run_time=now)
        self._watch = asyncio.get_running_loop().call_later(pause.total_seconds(), self._watch_clock)
