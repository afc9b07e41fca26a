"""dial: one aiohttp session a poll or attempt, whose every socket asks the guard; and what its errors mean, in words.

A session costs 12 microseconds and dies with its poll: no cookie, no kept-alive connection (which would not ask the guard
again) and no DNS answer outlives it. Nothing is taken from the environment: no proxy, no netrc.

A proxy is trusted because the configuration names it: its address needs no `allow_private`. Then every socket of the session
goes to the proxy and nowhere else, and the guard can only vet what is asked of it.
"""

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from monitor.adapters.guard import Blocked, Guard
from monitor.adapters.trust import context_of
from monitor.model.connection import Proxy, Tls
from monitor.text.http import status_words

DNS_SECONDS_MAX = 5.0
DNS_LOOKUPS_MAX = 64  # at once
ADDRESSES_MAX = 4  # of a host that are tried, of each family
HEADER_BYTES_MAX = 64 * 2**10
HEADER_FIELDS_MAX = 128
READ_BYTES = 64 * 2**10

Lookup = Callable[[str], list[str]]
"""A host name in, its IP addresses out; may block, raises OSError."""


class Kind(StrEnum):
    """What went wrong where there was no answer: words that polls and deliveries share."""

    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"
    TLS_ERROR = "tls_error"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why there was no answer; `detail` is for a person and holds nothing of the URL but its host."""

    kind: Kind
    detail: str
    stayed: bool = False  # nothing left this machine: no route leads out, or no name server answers


# What a server or the network can make aiohttp raise: ValueError is how yarl and the codecs refuse a host name.
FAULTS = (aiohttp.ClientError, OSError, ValueError)
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})


class Dialler:
    """Opens sessions. `own` is where newsmon itself listens, which is never dialled."""

    def __init__(
        self,
        *,
        own: Collection[tuple[str, int]] = (),
        lookup: Lookup | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """`lookup` and `tls` replace the system's resolver and the system's certificates."""
        self._own = tuple(own)
        self._lookup = lookup or system_lookup
        self._tls: ssl.SSLContext | bool = tls or True
        self._contexts: dict[Tls, tuple[list[int], ssl.SSLContext]] = {}
        self._free = asyncio.Semaphore(DNS_LOOKUPS_MAX)
        self._running: set[asyncio.Future[list[str]]] = set()  # lookups

    def close(self) -> None:
        """Give up the lookups that still run: DNS may take longer to fail than newsmon may take to stop."""
        for answer in self._running:
            if not answer.done():
                answer.set_exception(socket.gaierror(socket.EAI_AGAIN, "newsmon stops"))

    def trust(self, tls: Tls) -> ssl.SSLContext | bool:
        """What a server must prove. Its files are read again when they change. Raises UnusableFileError."""
        if tls == Tls():
            return self._tls
        files = [Path(file) for file in (tls.ca_file, tls.cert_file, tls.key_file) if file]
        stamps = [file.stat().st_mtime_ns if file.exists() else 0 for file in files]
        known = self._contexts.get(tls)
        if known is None or known[0] != stamps:
            known = self._contexts[tls] = stamps, context_of(tls)
        return known[1]

    def vet(self, url: URL, allow_private: Collection[str]) -> None:
        """What a proxy may be asked for. Raises Blocked."""
        Guard(allow_private, self._own).vet(url.raw_host or "", url.port or 0)

    def session(self, allow_private: Collection[str], proxy: Proxy | None = None) -> aiohttp.ClientSession:
        """A session for one poll or one attempt: enter it, and leave it when that is over. With a proxy it dials nothing else."""
        guard = Guard(allow_private if proxy is None else ((URL(proxy.url).host or ""),), self._own)
        connector = aiohttp.TCPConnector(
            resolver=_Resolver(guard, self._resolve),
            socket_factory=guard.open,
            ssl=self._tls,
            use_dns_cache=False,
            force_close=True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(),  # none: whoever opens the session sets one deadline for everything
            auto_decompress=False,
            trust_env=False,
            read_bufsize=READ_BYTES,
            max_line_size=HEADER_BYTES_MAX,
            max_field_size=HEADER_BYTES_MAX,
            max_headers=HEADER_FIELDS_MAX,
        )

    async def _resolve(self, host: str) -> list[str]:
        try:
            async with asyncio.timeout(DNS_SECONDS_MAX):
                await self._free.acquire()
                return await self._ask(host)
        except TimeoutError as error:
            raise socket.gaierror(socket.EAI_AGAIN, "DNS did not answer in time") from error

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


class _Resolver(AbstractResolver):
    """A host name in, those of its addresses out that may be dialled."""

    def __init__(self, guard: Guard, resolve: Callable[[str], Awaitable[list[str]]]) -> None:
        self._guard = guard
        self._resolve = resolve

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  both are tried
    ) -> list[ResolveResult]:
        addresses = self._guard.choose(host, port, await self._resolve(host))
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in _first(addresses)
        ]

    async def close(self) -> None:
        """Holds nothing."""


def system_lookup(host: str) -> list[str]:
    """The addresses of a host, as the system resolves it."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def _first(addresses: list[str]) -> list[str]:
    """The first of each family: aiohttp would try a thousand, and each of them twice."""
    new = [address for address in addresses if ":" in address][:ADDRESSES_MAX]
    old = [address for address in addresses if ":" not in address][:ADDRESSES_MAX]
    return [address for address in addresses if address in new or address in old]


def header_bytes(answer: aiohttp.ClientResponse) -> int:
    """How much of an answer its header was."""
    return sum(len(name) + len(value) for name, value in answer.raw_headers)


def explain(error: Exception) -> Fault:
    """What an exception of `FAULTS` means. Every aiohttp.ClientError is covered: what is not named here is the network's."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    secure = _tls(error)
    if isinstance(cause, Blocked):
        return Fault(kind=Kind.BLOCKED, detail=str(cause))
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return Fault(kind=Kind.BLOCKED, detail="the URL names no host that can be dialled")
    if secure is not None:
        return Fault(kind=Kind.TLS_ERROR, detail=secure)
    if isinstance(cause, TimeoutError):
        return Fault(kind=Kind.TIMEOUT, detail="the connection timed out")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return Fault(kind=Kind.NETWORK_ERROR, detail=f"the proxy refused: {status_words(error.status)}")
    of_proxy = "of the proxy: " if isinstance(error, aiohttp.ClientProxyConnectionError) else ""
    return Fault(kind=Kind.NETWORK_ERROR, detail=of_proxy + _network(cause), stayed=_stayed(cause))


def _tls(error: BaseException) -> str | None:
    """What TLS had against it, None if it was not TLS. asyncio hides the error of a connection in what it causes."""
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        return "the certificate is not the expected one"
    seen: BaseException | None = error
    while seen is not None:
        inner = seen.os_error if isinstance(seen, aiohttp.ClientConnectorError) else seen
        if isinstance(inner, ssl.SSLCertVerificationError):
            return f"the certificate is not valid: {inner.verify_message}"
        if isinstance(inner, ssl.SSLError):
            reason = (inner.reason or "no agreement").lower().replace("_", " ")
            return f"no secure connection: {reason}"
        if isinstance(inner, ssl.CertificateError):
            return "the certificate is not valid"
        seen = seen.__cause__
    return None


def _stayed(error: BaseException) -> bool:
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    return isinstance(error, OSError) and error.errno in _NO_ROUTE


def _network(error: BaseException) -> str:  # noqa: PLR0911  one line a case
    if isinstance(error, socket.gaierror):
        return "no answer from DNS" if error.errno == socket.EAI_AGAIN else "the host name is not known"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, ConnectionError | aiohttp.ServerDisconnectedError):
        return "the server cut the connection"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "the answer ends too early"
    if isinstance(error, aiohttp.ClientResponseError):
        return "the answer is not HTTP that can be read"
    if isinstance(error, OSError) and error.errno in _NO_ROUTE:
        return "the host cannot be reached"
    if isinstance(error, OSError) and error.errno == errno.EAGAIN:
        return str(error.strerror)
    return "the connection failed"
