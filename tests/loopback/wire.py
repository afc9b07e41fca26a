"""A server on loopback that says what a test wants said, and one poll of it. Also what such servers say most often."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from monitor.adapters.fetcher import Fetcher
from monitor.model.poll import FetchFailure, Request, Response

LOOPBACK = ("127.0.0.0/8", "::1/128")
FEED = b"<rss version='2.0'><channel><title>t</title></channel></rss>"

ACCEPT_ROUNDS = 3  # of the event loop, until a connection that was accepted is one

Reply = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(status: str = "200 OK", *headers: str, body: bytes = b"", length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body


def gzipped(body: bytes) -> bytes:
    return answer("200 OK", "Content-Encoding: gzip", body=body)


def to(url: str, status: str = "302 Found") -> bytes:
    return answer(status, f"Location: {url}")


@dataclass
class Wire:
    """Replies in turn (the last one again and again) and keeps the heads and bodies of what was asked."""

    replies: list[Reply]
    at_once: bool = False  # does not wait for a request
    keeps: bool = False  # takes further requests on a connection
    host: str = "127.0.0.1"
    port: int = 0
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    accepted: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def headers(self, request: int) -> dict[str, str]:
        lines = self.asked[request].split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            await self.answer_one(reader, writer)
            while self.keeps:
                await self.answer_one(reader, writer)
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client hung up, as it may
        finally:
            writer.transport.abort()

    async def answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.at_once:
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
            self.bodies.append(await reader.readexactly(int(self.headers(-1).get("content-length", "0"))))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if callable(reply):
            await reply(writer)
        else:
            writer.write(reply.replace(b"{port}", str(self.port).encode()))
        await writer.drain()


Serve = Callable[..., AbstractAsyncContextManager[Wire]]


@asynccontextmanager
async def start(
    *replies: Reply,
    tls: ssl.SSLContext | None = None,
    at_once: bool = False,
    keeps: bool = False,
    host: str = "127.0.0.1",
) -> AsyncIterator[Wire]:
    wire = Wire(replies=list(replies), at_once=at_once, keeps=keeps, host=host)
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.create_task(wire.answer(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, host, 0, ssl=tls)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        for _ in range(ACCEPT_ROUNDS):
            await asyncio.sleep(0)
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:  # also that of a task which had not begun yet
            writer.transport.abort()
        await asyncio.sleep(0)  # closed connections are told so in the next round of the loop


def fetched(serve: Serve, *replies: Reply, path: str = "/feed", **asked: Any) -> tuple[Response | FetchFailure, Any]:
    """One poll of a server that gives these replies in turn."""

    async def run() -> tuple[Response | FetchFailure, Any]:
        async with serve(*replies) as wire, Fetcher(user_agent="newsmon/test") as fetcher:
            options = {"allow_private": LOOPBACK, "timeout": timedelta(seconds=5)} | asked
            return await fetcher.fetch(Request(url=wire.url + path, **options)), wire

    return asyncio.run(run())


def words(result: Response | FetchFailure) -> tuple[str, str]:
    if isinstance(result, FetchFailure):
        return result.outcome.value, result.detail
    return "answer", str(result.status)


def asked(url: str, **options: Any) -> FetchFailure | Response:
    async def run() -> Response | FetchFailure:
        seams = {name: options.pop(name) for name in ("lookup", "own_addresses", "tls") if name in options}
        async with Fetcher(user_agent="newsmon/test", **seams) as fetcher:
            return await fetcher.fetch(Request(url=url, timeout=timedelta(seconds=5), **options))

    return asyncio.run(run())
