"""server: doors and their applications in, HTTP out, inside the event loop of the daemon. The only room with uvicorn.

Signals stay the daemon's, logs go where all logs go, and clients have bounds: how large a request's head may be, how
long it may take to arrive, and how many connections there are.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from monitor.model.settings import Listen

HEAD_BYTES_MAX = 16 * 2**10
CONNECTIONS_MAX = 64  # per listener; what comes on top gets a 503
BACKLOG = 128
IDLE_MAX = timedelta(seconds=5)
STOP_SECONDS_MAX = 3  # for answers that are on their way when the server stops

# A name may mean addresses of a family that this machine has switched off, as ::1 often is in a container.
_NOT_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One listener. `setting` names the key in settings.yaml that a person has to change if it cannot be opened."""

    listen: Listen
    app: ASGIApp
    setting: str


class ListenError(Exception):
    """A door cannot be opened; the message says what to do."""


class Server:
    """Serves every door, or none: `start` raises ListenError and leaves nothing open."""

    def __init__(self, doors: Sequence[Door], *, idle_max: timedelta = IDLE_MAX) -> None:
        self._doors = doors
        self._idle_max = idle_max
        self._sockets: list[list[socket.socket]] = []
        self._servers: list[_Uvicorn] = []
        self._serving: list[asyncio.Task[None]] = []

    @property
    def ports(self) -> tuple[int, ...]:
        """The port of each door while it is open: the real one where 0 was asked for."""
        return tuple(opened[0].getsockname()[1] for opened in self._sockets)

    async def start(self) -> None:
        """Returns when every door is open: from then on, connections are taken."""
        try:
            for door in self._doors:
                self._sockets.append(await _listen(door))
        except ListenError:
            for opened in self._sockets:
                _close(opened)
            self._sockets.clear()
            raise
        for door, opened in zip(self._doors, self._sockets, strict=True):
            server = _Uvicorn(self._config(door.app))
            self._servers.append(server)
            self._serving.append(asyncio.create_task(server.serve(sockets=opened)))

    async def stop(self) -> None:
        """Takes no more requests and returns when those on their way are answered, or their time is up."""
        for server in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._serving)
        self._sockets.clear()
        self._servers.clear()
        self._serving.clear()

    def _config(self, app: ASGIApp) -> uvicorn.Config:
        return uvicorn.Config(
            app,
            interface="asgi3",
            http=_Http,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            workers=1,  # not what WEB_CONCURRENCY says
            proxy_headers=False,  # nobody is believed to be who X-Forwarded-For says
            server_header=False,
            backlog=BACKLOG,
            limit_concurrency=CONNECTIONS_MAX,
            h11_max_incomplete_event_size=HEAD_BYTES_MAX,
            timeout_keep_alive=self._idle_max.total_seconds(),  # type: ignore[arg-type]  # a fraction is as good
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
        )


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """SIGTERM and SIGINT are the daemon's: it stops polling and drains deliveries before it stops this server."""
        yield


class _Http(H11Protocol):
    """Hangs up on who takes too long to ask: uvicorn itself waits for ever, be it for the first byte or the last."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._await_request()

    def _await_request(self) -> None:
        self.loop.call_later(self.timeout_keep_alive, self._hang_up_after, self.cycle)

    def _hang_up_after(self, answered: RequestResponseCycle | None) -> None:
        idle = answered is None or answered.response_complete
        if idle and self.cycle is answered and not self.transport.is_closing():
            self.transport.close()


async def _listen(door: Door) -> list[socket.socket]:
    """Sockets on every address that the name of the host means here."""
    host, port = door.listen.host, door.listen.port
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    opened: list[socket.socket] = []
    absent: OSError | None = None
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, _, _, _, address in dict.fromkeys(found):
            try:
                opened.append(socket.create_server(address[:2], family=family, backlog=BACKLOG))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                absent = error
        if absent is not None and not opened:
            raise absent
    except (OSError, UnicodeError) as error:
        _close(opened)
        raise ListenError(f"{where} {_why(error)}; set {door.setting} in settings.yaml") from error
    return opened


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return "is no address, nor a name of one"
    match error.errno:
        case errno.EADDRINUSE:
            return "is in use"
        case errno.EADDRNOTAVAIL | errno.EAFNOSUPPORT:
            return "is not an address of this machine"
        case errno.EACCES | errno.EPERM:
            return "may not be opened by this user"
        case _:
            return f"cannot be opened ({os.strerror(error.errno or 0)})"


def _close(sockets: Sequence[socket.socket]) -> None:
    for opened in sockets:
        opened.close()
