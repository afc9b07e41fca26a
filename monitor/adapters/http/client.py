"""client: a Route and a request in, the Head of the answer out, and its body to whoever takes it.

A connection that may be used again is kept for a few seconds where the caller wishes it. Nothing else outlives a request: no cookie,
no answer of DNS.
"""

import asyncio
from collections.abc import Collection

from monitor.adapters.http.answer import Head, Take
from monitor.adapters.http.connection import Connection
from monitor.adapters.http.dial import Dialler, Route
from monitor.adapters.http.fault import HungUpError
from monitor.adapters.http.names import Lookup

KEPT_SECONDS_MAX = 4.0  # many servers hang up after five, and who hangs up first knows about it
KEPT_MAX = 32  # connections that wait for a request


class Client:
    """What it keeps open is closed with it; what still runs then fails soon."""

    def __init__(self, *, user_agent: str, own: Collection[tuple[str, int]] = (), lookup: Lookup | None = None) -> None:
        """As a Dialler is made."""
        self._dialler = Dialler(user_agent=user_agent, own=own, lookup=lookup)
        self._kept: dict[Connection, tuple[Route, asyncio.TimerHandle]] = {}

    def close(self) -> None:
        self._dialler.close()
        for connection in list(self._kept):
            self._forget(connection).hang_up()

    async def ask(self, route: Route, request: bytes, take: Take, *, keep: bool = False) -> Head:
        """The head of the answer, when its body has been taken. With `keep` an open connection is used if there is one, and left
        open: then the request must bear being sent twice, for whoever hangs up without a word may have read it.

        Raises an exception of `fault.FAULTS`, and what `take` and its sink raise.
        """
        kept = self._waiting(route) if keep else None
        if kept is not None:
            try:
                return await self._ask(kept, route, request, take, keep=True)
            except HungUpError:
                pass
        return await self._ask(await self._dialler.connect(route), route, request, take, keep=keep)

    async def _ask(self, connection: Connection, route: Route, request: bytes, take: Take, *, keep: bool) -> Head:
        try:
            head = await connection.ask(request, take)
        except BaseException:
            connection.hang_up()
            raise
        if keep and connection.can_be_asked and len(self._kept) < KEPT_MAX:
            timer = asyncio.get_running_loop().call_later(KEPT_SECONDS_MAX, self._expire, connection)
            self._kept[connection] = route, timer
        else:
            connection.hang_up()
        return head

    def _waiting(self, route: Route) -> Connection | None:
        """The connection of that route that was used last."""
        for connection, (its_route, _) in list(reversed(self._kept.items())):
            if its_route == route:
                self._forget(connection)
                if connection.can_be_asked:
                    return connection
        return None

    def _forget(self, connection: Connection) -> Connection:
        self._kept.pop(connection)[1].cancel()
        return connection

    def _expire(self, connection: Connection) -> None:
        self._forget(connection).hang_up()
