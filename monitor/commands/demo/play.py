"""play: the demo from beginning to end: feeds, receiver and daemon are started, the day is played, the verdict is told.

The day moves on when the daemon has taken in what is listed and the receiver has what it must be told: on a slow machine
later, never by the clock. Only the whole has a limit.
"""

import asyncio
import base64
import os
import secrets
import shutil
import signal
import tempfile
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from monitor.adapters.clock import SystemClock
from monitor.commands.demo.daemon import STOP_SECONDS_MAX, Daemon
from monitor.commands.demo.feed_server import LOOPBACK, FeedServer
from monitor.commands.demo.folder import write_folder
from monitor.commands.demo.news_day import NEWS_DAY, NewsDay, Publisher, Trouble
from monitor.commands.demo.sink import TAKEN, Arrival, Sink
from monitor.commands.demo.tell import ForPeople, ForPrograms, Teller
from monitor.commands.demo.verdict import Seen, polls_by_outcome, read_metrics, still_missing, verdict

DAY_SECONDS_MAX = 47.0  # and STOP_SECONDS_MAX to end the daemon: under a minute
SECRET_BYTES = 32
PASSED, FAILED = 0, 1
INTERRUPTED, TERMINATED = 130, 143  # as a shell tells of SIGINT and SIGTERM


def run_demo(
    *,
    keep: bool,
    as_json: bool,
    seconds_max: float = DAY_SECONDS_MAX,
    stop_seconds_max: float = STOP_SECONDS_MAX,
) -> int:
    """Play the news day and tell of it on standard output. The exit status: 0 only if exactly the expected alerts arrived."""
    tell: Teller = ForPrograms() if as_json else ForPeople()
    folder = Path(tempfile.mkdtemp(prefix="newsmon-demo-"))
    try:
        play = Play(
            NEWS_DAY,
            folder,
            tell,
            SystemClock().now(),
            keep=keep,
            seconds_max=seconds_max,
            stop_seconds_max=stop_seconds_max,
        )
        return PASSED if asyncio.run(play.run()) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except asyncio.CancelledError:
        return TERMINATED
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


class Play:
    """One showing of a news day, in an empty `folder`."""

    def __init__(
        self,
        day: NewsDay,
        folder: Path,
        tell: Teller,
        start: datetime,
        *,
        keep: bool,
        seconds_max: float = DAY_SECONDS_MAX,
        stop_seconds_max: float = STOP_SECONDS_MAX,
    ) -> None:
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")
        self._day = day
        self._folder = folder
        self._secret = secret
        self._tell = tell
        self._keep = keep
        self._seconds_max = seconds_max
        self._wake = asyncio.Event()
        self._down: set[str] = set()  # feeds in trouble
        self._feeds = FeedServer(day, start, self._served)
        self._sink = Sink(secret, day.refused_once, self._answered)
        self._daemon = Daemon(folder, self._wake.set, os.environ, stop_seconds_max)

    async def run(self) -> bool:
        """Whether everything was as it must be. SIGTERM ends it as Ctrl-C does: nothing is left running."""
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._feeds.stop)
            await self._feeds.start()
            stack.push_async_callback(self._sink.stop)
            await self._sink.start()
            write_folder(
                self._folder,
                publishers=self._day.publishers,
                feed_urls=self._feeds.urls,
                sink_url=self._sink.url,
                secret=self._secret,
                listen=f"{LOOPBACK}:0",  # the daemon says in its log which port that is
            )
            self._tell.opens(self._day, self._folder)
            await stack.enter_async_context(self._daemon)
            exposition = await self._play()
            exit_code = await self._daemon.stop()
            return self._close(exposition, exit_code)

    async def _play(self) -> str:
        """Every stage in its turn, and then what the daemon counted: empty if the day did not come to its end."""
        reached = 0
        try:
            async with asyncio.timeout(self._seconds_max):
                for reached, stage in enumerate(self._day.stages):
                    if reached:
                        self._feeds.advance()
                    self._tell.stage(reached, len(self._day.stages), stage)
                    while self._open(reached) and not self._daemon.died:
                        self._wake.clear()
                        await self._wake.wait()
                if not self._daemon.died:
                    return await self._daemon.metrics()
                reasons = ["the daemon ended before the day did"]
        except TimeoutError:
            reasons = [f"time is up after {self._seconds_max:g} s, in stage {reached + 1}", *self._open(reached)]
        except OSError as error:  # aiohttp's errors of a connection are OSErrors
            reasons = [f"the daemon does not show its metrics: {error}"]
        self._tell.stuck(reasons, self._daemon.last_words())
        return ""

    def _open(self, stage: int) -> list[str]:
        """What a stage still waits for, in words."""
        unread = [f"not taken in yet: what {feed} lists now" for feed in self._feeds.unconfirmed()]
        return unread + still_missing(self._day, stage, self._sink.arrived)

    def _close(self, exposition: str, exit_code: int | None) -> bool:
        metrics = read_metrics(exposition)
        seen = Seen(
            arrived=self._sink.arrived,
            refused=self._sink.refused,
            unverified=self._sink.unverified,
            metrics=metrics,
            exit_code=exit_code,
            left_running=self._daemon.left_running(),
        )
        checks = verdict(self._day, seen)
        passed = all(check.passed for check in checks)
        kept = self._folder if self._keep else None
        self._tell.closes(checks, polls_by_outcome(metrics), passed=passed, folder=kept)
        return passed

    def _served(self, publisher: Publisher, answer: int | Trouble) -> None:
        if isinstance(answer, Trouble):
            self._down.add(publisher.feed)
            self._tell.trouble(publisher, answer)
        elif publisher.feed in self._down:
            self._down.remove(publisher.feed)
            self._tell.recovered(publisher)
        self._wake.set()

    def _answered(self, arrival: Arrival, status: int) -> None:
        again = any(refusal.webhook_id == arrival.webhook_id for refusal in self._sink.refused)
        self._tell.arrived(arrival, taken=status == TAKEN, again=status == TAKEN and again)
        self._wake.set()
