"""heartbeat: the daemon's own health in; a call to whoever watches from elsewhere out, while all is well. Its URL stands in no log."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from monitor.model.poll import Request, Response
from monitor.model.settings import HeartbeatSettings
from monitor.ports import Clock, Fetch, Health, StorageError
from monitor.steps.heartbeat import WAITING_MAX, Withheld, withheld
from monitor.text.http import status_words

TIMEOUT = timedelta(seconds=10)
FIRST_AFTER = timedelta(minutes=1)  # a daemon that falls over at every start never says that it is well
AGAIN_AFTER = timedelta(seconds=5)  # what kept it back is asked anew
RETRY_AFTER = timedelta(seconds=30)  # after a call that failed

_OK = range(200, 300)

_log = logging.getLogger(__name__)


class Heartbeat:
    """Due by its own clock; `tick` may be called as often as one likes."""

    def __init__(
        self,
        *,
        settings: HeartbeatSettings,
        fetch: Fetch,
        health: Callable[[], Health],
        waiting_since: Callable[[], Awaitable[datetime | None]],
        clock: Clock,
    ) -> None:
        """`waiting_since`: since when the delivery waits that waits longest; raises StorageError where the store cannot say."""
        self._settings = settings
        self._fetch = fetch
        self._health = health
        self._waiting_since = waiting_since
        self._clock = clock
        self._due = clock.now() + min(FIRST_AFTER, settings.every)
        self._told = ""  # why the last one was not sent, as the log was told; empty: it was

    async def tick(self) -> None:
        """Call, if it is time and all is well."""
        now = self._clock.now()
        if now < self._due <= now + self._longest:  # further away: the clock was set back
            return
        why, words = await self._withheld(now)
        if why is not None:
            self._due = now + min(AGAIN_AFTER, self._settings.every)
            self._tell(why, f"the heartbeat is withheld: {words}")
            return
        trouble = await self._call()
        if trouble:
            self._due = now + min(RETRY_AFTER, self._settings.every)
            self._tell("failed", f"the heartbeat could not be sent: {trouble}")
        else:
            self._due = now + self._settings.every
            self._tell("", "the heartbeat is sent again")

    @property
    def _longest(self) -> timedelta:
        return max(FIRST_AFTER, self._settings.every)

    async def _withheld(self, now: datetime) -> tuple[Withheld | None, str]:
        """Why it must not be sent, and the same in words."""
        health = self._health()
        words = "; ".join(health.problems)
        writes = health.ready or not health.alive
        waiting: datetime | None = None
        try:
            waiting = await self._waiting_since()
        except StorageError as error:
            writes, words = False, words or f"the database cannot be asked: {error}"
        why = withheld(ticks=health.alive, writes=writes, waiting_since=waiting, now=now)
        if why is Withheld.NOT_DELIVERING and waiting is not None:
            limit = int(WAITING_MAX.total_seconds()) // 60
            words = f"a delivery has waited since {waiting.isoformat(timespec='seconds')}, longer than {limit} minutes"
        return why, words

    async def _call(self) -> str:
        """What went wrong, in words; empty if nothing did."""
        settings = self._settings
        request = Request(
            url=settings.url.reveal(),
            connection=settings.connection,
            timeout=TIMEOUT,
            allow_private=settings.allow_private,
        )
        answer = await self._fetch.fetch(request)
        if not isinstance(answer, Response):
            return answer.detail
        return "" if answer.status in _OK else status_words(answer.status)

    def _tell(self, state: str, words: str) -> None:
        """Each change of state once."""
        if state == self._told:
            return
        log = _log.warning if state else _log.info
        log("%s", words, extra={"heartbeat": state or "sent"})
        self._told = state
