"""http: a server of just enough HTTP/1.1 to serve feeds and take webhooks at a pace that no benchmark waits for.

Listens on all addresses, as every 127.x.y.z is to be a host of its own, and answers only those who come from there.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

REASONS = {200: "OK", 204: "No Content", 304: "Not Modified", 401: "Unauthorized", 404: "Not Found"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Answer = Callable[[Request], Reply]


class _Connection(asyncio.Protocol):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._read = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        if not str(transport.get_extra_info("peername")[0]).startswith("127."):
            transport.abort()
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (request := self._next()) is not None and self._transport is not None:
            reply = self._answer(request)
            lines = [f"HTTP/1.1 {reply.status} {REASONS[reply.status]}"]
            lines += [f"{name}: {value}" for name, value in reply.headers]
            if reply.status not in {204, 304}:
                lines.append(f"Content-Length: {len(reply.body)}")
            self._transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + reply.body)
            if request.headers.get("connection", "").lower() == "close":
                self._transport.close()

    def _next(self) -> Request | None:
        """The request that has been read, if all of it has."""
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if not end:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", 0))
        if len(rest) < size:
            return None
        self._read = rest[size:]
        method, path, _ = first.split(" ", 2)
        return Request(method=method, path=path, headers=headers, body=rest[:size])


async def serve(answer: Answer) -> int:
    """Serve from now on, as long as the loop runs; the port."""
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(answer), "0.0.0.0", 0, backlog=1_024)
    port: int = server.sockets[0].getsockname()[1]
    return port
