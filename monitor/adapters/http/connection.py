"""connection: the bytes of a request in, the Head of its answer out, and its body to whoever takes it: one at a time, over TCP or TLS."""

import asyncio
from typing import cast

from monitor.adapters.http.answer import Head, Reading, Take
from monitor.adapters.http.fault import AnswerError, HungUpError


class Connection(asyncio.Protocol):
    """Whoever has it hangs up, unless the other side does."""

    __slots__ = ("_answered", "_error", "_heard", "_keeps", "_reading", "transport")

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._reading: Reading | None = None  # while somebody waits for it
        self._answered: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._heard = False
        self._keeps = False

    @property
    def can_be_asked(self) -> bool:
        """Whether another request may be sent."""
        return self._keeps and self.transport is not None and not self.transport.is_closing()

    async def ask(self, request: bytes, take: Take) -> Head:
        """Raises HungUpError where nothing came, AnswerError, why the connection was lost, and what `take` and its sink raise."""
        transport = self.transport
        if transport is None or transport.is_closing():
            raise HungUpError
        self._reading = reading = Reading(take)
        self._answered = asyncio.get_running_loop().create_future()
        self._heard = self._keeps = False
        transport.write(request)
        await self._answered
        if self._error is not None:
            raise self._error
        self._keeps = reading.keeps
        return cast("Head", reading.head)

    def hang_up(self) -> None:
        """At once: nothing more is read, and TLS takes no leave either, which may take as long as the other side likes."""
        self._reading = None
        if self.transport is not None:
            self.transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._reading is None:  # nobody asked
            self.hang_up()
            return
        self._heard = True
        try:
            if self._reading.feed(data):
                self._settle(None)
        except Exception as error:  # noqa: BLE001  raised where it is waited for
            self._settle(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._keeps = False
        if self._reading is not None:
            self._settle(self._why_lost(self._reading, exc))

    def _why_lost(self, reading: Reading, exc: Exception | None) -> Exception | None:
        """What the end of the connection means for the answer; None: that it is whole."""
        if exc is not None and not isinstance(exc, ConnectionError):
            return exc
        if not self._heard:
            return HungUpError()
        if reading.head is None:
            return exc or ConnectionResetError()
        return None if exc is None and reading.closing_ends else AnswerError("the answer ends too early")

    def _settle(self, error: Exception | None) -> None:
        """Whoever waits is told."""
        if self._reading is not None:
            self._reading.close()
        self._reading, self._error = None, error
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)
