"""stream: bytes out and in over one socket that never blocks, under TLS or without. Whoever has a stream closes it.

asyncio's own transports do this for every purpose there is; a socket that is asked once and closed costs half as much.
"""

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

READ_BYTES = 64 * 2**10

T = TypeVar("T")


class Stream:
    """A TCP socket, which is this object's from now on."""

    __slots__ = ("_descriptor", "_loop", "_socket")

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(0)
        # Or a request waits until the other side has acknowledged the end of the handshake.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = sock
        self._descriptor = sock.fileno()
        self._loop = asyncio.get_running_loop()

    async def connect(self, address: tuple[Any, ...]) -> None:
        """To an IP address and a port, of which `loop.sock_connect` would ask the resolver first. Raises OSError."""
        problem = self._socket.connect_ex(address)
        if problem == errno.EINPROGRESS:
            await self._writable()
            problem = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem:
            raise OSError(problem, os.strerror(problem))

    async def secure(self, context: ssl.SSLContext, name: str) -> None:
        """From here on under TLS, with a server that has proven to be of that name. Raises OSError and ValueError."""
        secured = context.wrap_socket(self._socket, server_hostname=name, do_handshake_on_connect=False)
        self._socket = secured
        try:
            await self._done(secured.do_handshake, self.readable)
        except ssl.SSLEOFError as error:
            raise ConnectionResetError from error

    async def send(self, data: bytes) -> None:
        """All of it. Raises OSError."""
        while data:
            data = data[await self._done(partial(self._socket.send, data), self._writable) :]

    async def receive(self) -> bytes:
        """What has come, or what comes next; nothing where the other side has ended. Raises OSError."""
        return await self._done(partial(self._socket.recv, READ_BYTES), self.readable)

    async def readable(self) -> None:
        """Something has come, be it the end, or a part of what TLS makes of it."""
        await self._watched(self._loop.add_reader, self._loop.remove_reader)

    def is_quiet(self) -> bool:
        """Whether the other side has neither ended nor said anything."""
        try:
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """At once: TLS takes no leave, which the other side could draw out."""
        self._socket.close()

    async def _done(self, attempt: Callable[[], T], wait: Callable[[], Awaitable[None]]) -> T:
        """What the attempt gives, once it can be made without blocking; `wait` is what it waits for where TLS does not say."""
        while True:
            try:
                return attempt()
            except BlockingIOError:
                await wait()
            except ssl.SSLWantReadError:
                await self.readable()
            except ssl.SSLWantWriteError:
                await self._writable()

    async def _writable(self) -> None:
        await self._watched(self._loop.add_writer, self._loop.remove_writer)

    async def _watched(self, watch: Callable[..., None], leave: Callable[[int], bool]) -> None:
        happened = self._loop.create_future()

        def wake() -> None:
            leave(self._descriptor)
            if not happened.done():
                happened.set_result(None)

        watch(self._descriptor, wake)
        try:
            await happened
        except BaseException:
            leave(self._descriptor)
            raise
