"""dial: a Route in, a Connection out whose socket was opened only after the guard had been asked about its very address.

A proxy is trusted because the configuration names it: its address needs no `allow_private`. Then nothing else is dialled, and the
guard can only vet what is asked of the proxy.
"""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass

from aiohappyeyeballs import start_connection
from yarl import URL

from monitor.adapters.guard import AddrInfo, Blocked, Guard, is_address
from monitor.adapters.http import request
from monitor.adapters.http.connection import Connection
from monitor.adapters.http.fault import AnswerError, HungUpError, ProxyError
from monitor.adapters.http.names import Lookup, Names
from monitor.model.connection import Proxy
from monitor.text.http import status_words

ADDRESSES_MAX = 4  # of a host that are tried, of each family
NEXT_ADDRESS_AFTER_SECONDS = 0.25  # RFC 8305, section 5

_OK = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Whom to connect to, and on whose terms: only who shares all of it may share a connection."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None  # None: without
    allow_private: tuple[str, ...] = ()
    proxy: Proxy | None = None


class Dialler:
    """Opens connections. `own` is where newsmon itself listens, which is never dialled."""

    def __init__(self, *, user_agent: str, own: Collection[tuple[str, int]] = (), lookup: Lookup | None = None) -> None:
        """`user_agent`: what a proxy hears that is to open a tunnel. `lookup` replaces the system's resolver."""
        self._user_agent = user_agent
        self._own = tuple(own)
        self._names = Names(lookup)

    def close(self) -> None:
        """What still runs fails soon."""
        self._names.close()

    async def connect(self, route: Route) -> Connection:
        """Raises an exception of `fault.FAULTS`."""
        guard = Guard(route.allow_private, self._own)
        if route.proxy is None:
            return await self._open(route.host, route.port, guard, route.tls)
        guard.vet(route.host, route.port)
        connection = await self._reach(route.proxy)
        if route.tls is not None:
            try:
                await self._tunnel(connection, route, route.proxy, route.tls)
            except BaseException:
                connection.hang_up()
                raise
        return connection

    async def _open(self, host: str, port: int, guard: Guard, tls: ssl.SSLContext | None) -> Connection:
        first, *others = [_info(address, port) for address in await self._addresses(host, port, guard)]
        if others:
            wait = NEXT_ADDRESS_AFTER_SECONDS
            sock = await start_connection([first, *others], happy_eyeballs_delay=wait, socket_factory=guard.open)
        else:
            sock = guard.open(first)
        connection = Connection()
        try:
            if not others:
                await _connect(sock, first[-1])
            name = _tls_name(host) if tls is not None else None
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: connection, sock=sock, ssl=tls, server_hostname=name)
        except BaseException:
            sock.close()
            raise
        return connection

    async def _addresses(self, host: str, port: int, guard: Guard) -> list[str]:
        """Those that may be dialled, the first of each family."""
        if not is_address(host):
            return _first(guard.choose(host, port, await self._names.resolve(host)))
        if "%" in host and guard.choose(host, port, [host]):  # which would be looked up, as no address can be
            raise Blocked("an address with a zone in the URL")
        return [host]

    async def _reach(self, proxy: Proxy) -> Connection:
        url = URL(proxy.url)
        host = url.raw_host or ""
        try:
            return await self._open(host, url.port or 0, Guard((host.rstrip("."),), self._own), None)
        except Blocked:
            raise
        except OSError as error:
            raise ProxyError from error

    async def _tunnel(self, connection: Connection, route: Route, proxy: Proxy, tls: ssl.SSLContext) -> None:
        """From here on the connection leads to the route's own host."""
        headers = {"user-agent": self._user_agent}
        if proxy.authorization is not None:
            headers["proxy-authorization"] = proxy.authorization.reveal()
        try:
            head = await connection.ask(request.connect(route.host, route.port, headers), lambda _: None)
        except (OSError, AnswerError) as error:
            raise ProxyError from error
        if head.status not in _OK:
            raise AnswerError(f"the proxy refused: {status_words(head.status)}")
        plain = connection.transport
        if plain is None or plain.is_closing():
            raise ProxyError from HungUpError()
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(plain, connection, tls, server_hostname=_tls_name(route.host))
        if transport is None:
            raise HungUpError
        connection.connection_made(transport)


def _first(addresses: list[str]) -> list[str]:
    """Nobody waits for the thousandth address of a host."""
    new = [address for address in addresses if ":" in address][:ADDRESSES_MAX]
    old = [address for address in addresses if ":" not in address][:ADDRESSES_MAX]
    return [address for address in addresses if address in new or address in old]


def _info(address: str, port: int) -> AddrInfo:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)


def _tls_name(host: str) -> str:
    """What a certificate calls that host."""
    return host.rstrip(".")


async def _connect(sock: socket.socket, address: tuple[str, int]) -> None:
    """As `loop.sock_connect` does, which asks the resolver about every address first, for a tenth of the cost of a poll. Raises OSError."""
    sock.settimeout(0)
    problem = sock.connect_ex(address)
    if problem == errno.EINPROGRESS:
        await _writable(sock.fileno())
        problem = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if problem:
        raise OSError(problem, os.strerror(problem))


async def _writable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    writable = loop.create_future()

    def wake() -> None:
        loop.remove_writer(descriptor)
        if not writable.done():
            writable.set_result(None)

    loop.add_writer(descriptor, wake)
    try:
        await writable
    except BaseException:
        loop.remove_writer(descriptor)
        raise
