"""daemon: a configuration folder in, `newsmon run` in a process of its own out; ended by SIGTERM, and nothing of it is left."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

STOP_SECONDS_MAX = 10.0  # until it and its workers are gone
LOOK_AGAIN_SECONDS = 0.05
PROCESSES = Path("/proc")
SCRAPE_SECONDS_MAX = 5.0
LOG_LINES_SHOWN = 25
METRICS_AT = re.compile(r"metrics on (http://\S+)")  # one of the facts that it begins with


class Daemon:
    """The real daemon. It has a process group of its own: Ctrl-C reaches the demo only, and its workers can be counted."""

    def __init__(
        self,
        folder: Path,
        wake: Callable[[], None],
        environ: Mapping[str, str],
        stop_seconds_max: float = STOP_SECONDS_MAX,
    ) -> None:
        self._folder = folder
        self._wake = wake
        self._stop_seconds_max = stop_seconds_max
        # Neither a service manager's socket nor settings of another installation are meant for this daemon.
        self._environ = {
            name: value for name, value in environ.items() if not name.startswith(("NEWSMON_", "NOTIFY_", "WATCHDOG_"))
        }
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def log(self) -> Path:
        return self._folder / "daemon.log"

    @property
    def died(self) -> bool:
        """Whether it ended, of its own accord if it was not told to."""
        return self._process is not None and self._process.returncode is not None

    async def __aenter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "monitor", "--config", str(self._folder), "run"),
                cwd=self._folder,
                env=self._environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        self._watch = asyncio.create_task(self._wake_at_end(self._process))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if not self.died:
                await self.stop()
        finally:
            self._kill_all()
            if self._watch is not None:
                self._watch.cancel()

    async def stop(self) -> int | None:
        """SIGTERM, and wait. The exit code; None if it does not end in time."""
        if self._process is None:
            return None
        if self._process.returncode is None:
            self._process.terminate()
        code: int | None = None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._stop_seconds_max):
                code = await self._process.wait()
                while self.left_running():  # noqa: ASYNC110  its workers notice a moment later; nobody tells when they have
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return code

    def left_running(self) -> bool:
        """Whether any process of its group lives. What has ended and waits for its parent to notice does not."""
        if self._process is None:
            return False
        try:
            os.killpg(self._process.pid, 0)
        except ProcessLookupError:
            return False
        return not PROCESSES.is_dir() or any(
            _lives_in(stat, self._process.pid) for stat in PROCESSES.glob("[0-9]*/stat")
        )

    async def metrics(self) -> str:
        """What /metrics says now. Raises OSError where the daemon does not answer, or has not said where it does."""
        announced = METRICS_AT.search(self.log.read_text(encoding="utf-8", errors="replace"))
        if announced is None:
            raise ConnectionError("it has not opened its door")
        limit = aiohttp.ClientTimeout(total=SCRAPE_SECONDS_MAX)
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(f"{announced[1]}/metrics") as response,
        ):
            response.raise_for_status()
            return await response.text()

    def last_words(self) -> list[str]:
        """The end of its log."""
        return self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES_SHOWN:]

    async def _wake_at_end(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        self._wake()

    def _kill_all(self) -> None:
        if self._process is not None and self.left_running():
            os.killpg(self._process.pid, signal.SIGKILL)


def _lives_in(stat: Path, group: int) -> bool:
    """Whether /proc/N/stat speaks of a live process of that group (proc(5): the state and the group follow the name in brackets)."""
    try:
        state, _, found = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
    except (OSError, ValueError):
        return False
    return state != "Z" and int(found) == group
