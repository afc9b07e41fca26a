"""supervise: the loops in, their running kept up, and an answer to whether the daemon is well."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.ports import Clock, Health, Meter, StorageError

ALIVE_WITHIN = timedelta(seconds=60)  # of the last tick
RESTART_AFTER = timedelta(seconds=1)

_log = logging.getLogger(__name__)


async def keep_running(name: str, loop: Callable[[], Awaitable[None]], meter: Meter) -> None:
    """Run a loop for ever: one that breaks is told, counted and started again."""
    while True:
        try:
            await loop()
        except Exception:  # noqa: BLE001  whatever breaks a loop must not end the watch
            meter.ran(name, "error")
            _log.exception("the loop %s broke and is started again", name)
        await asyncio.sleep(RESTART_AFTER.total_seconds())


@dataclass(slots=True)
class Pulse:
    """What is known of the daemon's own health: when it last ticked, and whether the database takes writes."""

    clock: Clock
    last_tick: Callable[[], datetime | None]
    started_at: datetime
    storage_trouble: str = "the database has not been tried yet"
    _told: bool = field(default=True, init=False)

    async def probe(self, check: Callable[[], Awaitable[None]]) -> None:
        """Try the database once; tell when its state changes."""
        try:
            await check()
        except StorageError as error:
            self.storage_trouble = f"the database takes no writes: {error}"
            if self._told:
                _log.error("%s; polling and delivery go on as soon as it does", self.storage_trouble)
            self._told = False
        else:
            if not self._told:
                _log.info("the database takes writes again")
            self.storage_trouble = ""
            self._told = True

    def health(self) -> Health:
        last = self.last_tick() or self.started_at
        ticking = self.clock.now() - last < ALIVE_WITHIN
        problems = [] if ticking else [f"the scheduler has not ticked since {last.isoformat(timespec='seconds')}"]
        if self.storage_trouble:
            problems.append(self.storage_trouble)
        return Health(alive=ticking, ready=not problems, problems=tuple(problems))
