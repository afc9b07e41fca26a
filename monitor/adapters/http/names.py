"""names: a host name in, its addresses out, as the system resolves it, in bounded time and on a bounded number of threads."""

import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

DNS_SECONDS_MAX = 5.0
DNS_LOOKUPS_MAX = 64  # at once

Lookup = Callable[[str], list[str]]
"""A host name in, its IP addresses out; may block, raises OSError."""


def system_lookup(host: str) -> list[str]:
    """The addresses of a host, as the system resolves it."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class Names:
    """Holds no answer: what a name means is asked again for every connection."""

    def __init__(self, lookup: Lookup | None = None) -> None:
        """`lookup` replaces the system's resolver."""
        self._lookup = lookup or system_lookup
        self._free = asyncio.Semaphore(DNS_LOOKUPS_MAX)
        self._running: set[asyncio.Future[list[str]]] = set()

    def close(self) -> None:
        """Give up the lookups that still run: DNS may take longer to fail than newsmon may take to stop."""
        for answer in self._running:
            if not answer.done():
                answer.set_exception(socket.gaierror(socket.EAI_AGAIN, "newsmon stops"))

    async def resolve(self, host: str) -> list[str]:
        """Its addresses, at least one. Raises OSError."""
        try:
            async with asyncio.timeout(DNS_SECONDS_MAX):
                await self._free.acquire()
                addresses = await self._ask(host)
        except TimeoutError as error:
            raise socket.gaierror(socket.EAI_AGAIN, "DNS did not answer in time") from error
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "a name without addresses")
        return addresses

    def _ask(self, host: str) -> asyncio.Future[list[str]]:
        """The lookup on a thread of its own. asyncio's own has six threads on two cores, so that six dead name servers would
        stop every poll, and waits for them when the process ends.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[str]] = loop.create_future()

        def settle(addresses: list[str], error: OSError | None) -> None:
            self._free.release()
            if answer.done():  # nobody waits any more
                return
            if error is None:
                answer.set_result(addresses)
            else:
                answer.set_exception(error)

        def ask() -> None:
            addresses: list[str] = []
            problem: OSError | None = None
            try:
                addresses = self._lookup(host)
            except OSError as error:
                problem = error
            except UnicodeError:  # a label that IDNA cannot encode
                problem = socket.gaierror(socket.EAI_NONAME, "no such name")
            with suppress(RuntimeError):  # the loop has been closed
                loop.call_soon_threadsafe(settle, addresses, problem)

        try:
            threading.Thread(target=ask, name="dns", daemon=True).start()
        except RuntimeError as error:
            self._free.release()
            raise OSError(errno.EAGAIN, "this machine gives newsmon no more threads") from error
        self._running.add(answer)
        answer.add_done_callback(self._running.discard)
        return answer
