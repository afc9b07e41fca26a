"""http: whatever a poll or a delivery comes to, and wherever it is cancelled, it leaves no socket behind."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from wire import FEED, LOOPBACK, Reply, answer, start, to

from monitor.adapters.fetcher import Fetcher
from monitor.adapters.sender import Sender
from monitor.model.connection import Connection, Proxy
from monitor.model.delivery import Post
from monitor.model.poll import FetchFailure, Request

OK = answer(body=FEED)
TUNNEL = b"HTTP/1.1 200 OK\r\n\r\n"


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def stall(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
    await asyncio.sleep(60)


Go = Callable[[], Awaitable[str]]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A server, how it is asked, and by whom."""

    ends: str = "200"  # in that word, or with that status
    replies: tuple[Reply, ...] = (OK,)
    keeps: bool = False
    secure: bool = False  # the server's side of it
    trusted: bool = True
    scheme: str = "http"
    addresses: tuple[str, ...] = ("127.0.0.1",)
    proxied: bool = False
    posts: bool = False
    times: int = 1
    seconds: float = 5.0
    allowed: tuple[str, ...] = LOOPBACK

    @asynccontextmanager
    async def set(self, folder: Path | None) -> AsyncIterator[Go]:
        """What plays it."""
        server = client = None
        if folder is not None:
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(folder / "named.pem", folder / "named.key")
            client = ssl.create_default_context(cafile=str(folder / "named.pem") if self.trusted else None)
        options: dict[str, Any] = {"user_agent": "t", "lookup": lambda _: list(self.addresses), "tls": client}
        async with (
            start(*self.replies, keeps=self.keeps, tls=server if self.secure else None) as wire,
            Fetcher(**options) as fetcher,
            Sender(**options) as sender,
        ):
            url = f"{self.scheme}://named.example:{wire.port}/"
            proxy = Proxy(url=f"http://127.0.0.1:{wire.port}") if self.proxied else None
            timeout = timedelta(seconds=self.seconds)

            post = Post(url=url, headers=(), body=b"{}", timeout=timeout, allow_private=self.allowed)
            connection = Connection(proxy=proxy)
            request = Request(url=url, timeout=timeout, connection=connection, allow_private=self.allowed)

            async def go() -> str:
                for _ in range(self.times):
                    result = await (sender.send(post) if self.posts else fetcher.fetch(request))
                return str(
                    result.outcome if isinstance(result, FetchFailure) or result.status is None else result.status
                )

            yield go


SCENES = {
    "an answer": Scene(),
    "another status": Scene(ends="404", replies=(answer("404 Not Found", body=b"x" * 100_000),)),
    "a redirect": Scene(replies=(to("/two"), OK)),
    "a redirect that is not followed": Scene(ends="redirect_error", replies=(to("ftp://a.example/"),)),
    "a redirect to what may not be dialled": Scene(ends="blocked", replies=(to("http://10.0.0.1/"),)),
    "not allowed": Scene(ends="blocked", allowed=()),
    "nobody listens": Scene(ends="network_error", addresses=("127.0.0.2",)),
    "nobody listens anywhere": Scene(ends="network_error", addresses=("127.0.0.2", "127.0.0.3", "::1")),
    "the second address": Scene(addresses=("127.0.0.2", "127.0.0.1")),
    "no address": Scene(ends="network_error", addresses=()),
    "hung up": Scene(ends="network_error", replies=(hang_up,)),
    "no HTTP": Scene(ends="network_error", replies=(b"220 mail.example ESMTP\r\n",)),
    "too large": Scene(ends="too_large", replies=(answer(body=bytes(11 * 2**20), length=False),)),
    "too large by its own words": Scene(ends="too_large", replies=(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",)),
    "badly coded": Scene(ends="decode_error", replies=(answer("200 OK", "Content-Encoding: gzip", body=FEED),)),
    "too early": Scene(ends="network_error", replies=(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx",)),
    "silence": Scene(ends="timeout", replies=(silence,), seconds=0.05),
    "a body that stalls": Scene(ends="timeout", replies=(stall,), seconds=0.05),
    "TLS": Scene(secure=True, scheme="https"),
    "TLS that nobody trusts": Scene(ends="tls_error", secure=True, scheme="https", trusted=False),
    "TLS that falls silent": Scene(ends="timeout", replies=(silence,), scheme="https", seconds=0.05),
    "a proxy": Scene(proxied=True),
    "a proxy that refuses a tunnel": Scene(ends="network_error", replies=(answer("407 No"),), scheme="https", proxied=True),
    "a proxy that hangs up": Scene(ends="network_error", replies=(hang_up,), scheme="https", proxied=True),
    "a proxy whose tunnel is none": Scene(ends="network_error", replies=(TUNNEL,), scheme="https", proxied=True),
    "a proxy that falls silent": Scene(ends="timeout", replies=(silence,), scheme="https", proxied=True, seconds=0.05),
    "a delivery": Scene(posts=True, keeps=True),
    "deliveries on one connection": Scene(posts=True, keeps=True, times=3),
    "deliveries under TLS": Scene(posts=True, keeps=True, times=2, secure=True, scheme="https"),
    "a delivery whose connection had been closed": Scene(posts=True, times=2),
    "a delivery that is hung up on twice": Scene(ends="network_error", posts=True, keeps=True, times=2, replies=(OK, hang_up, hang_up)),
    "a delivery that is not answered": Scene(ends="timeout", posts=True, replies=(silence,), seconds=0.05),
}  # fmt: skip


def folder_of(scene: Scene, request: pytest.FixtureRequest) -> Path | None:
    return request.getfixturevalue("certificates") if scene.secure else None


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES)
def test_nothing_is_left_open(scene: Scene, request: pytest.FixtureRequest) -> None:
    folder = folder_of(scene, request)

    async def run() -> tuple[str, int]:
        before = descriptors()
        async with scene.set(folder) as go:
            end = await go()
        await asyncio.sleep(0)
        return end, descriptors() - before

    assert asyncio.run(run()) == (scene.ends, 0)


# Which go through every wait that there is: for a thread, for one socket or the race of several, for TLS, a proxy, a head, a body.
CANCELLED = [
    "a redirect",
    "too large",
    "nobody listens anywhere",
    "the second address",
    "TLS",
    "a proxy whose tunnel is none",
    "deliveries under TLS",
    "a delivery whose connection had been closed",
]


@pytest.mark.parametrize("scene", [SCENES[name] for name in CANCELLED], ids=CANCELLED)
def test_nothing_is_left_open_wherever_it_is_cancelled(scene: Scene, request: pytest.FixtureRequest) -> None:
    """After one round of the event loop, after two, and so on, until there is nothing left to cancel."""
    folder = folder_of(scene, request)

    async def cancelled_after(rounds: int) -> bool:
        async with scene.set(folder) as go:
            going = asyncio.ensure_future(go())
            for _ in range(rounds):
                await asyncio.sleep(0)
            going.cancel()
            (result,) = await asyncio.gather(going, return_exceptions=True)
        await asyncio.sleep(0)
        return isinstance(result, asyncio.CancelledError)

    async def run() -> list[int]:
        left = []
        for rounds in count():
            before = descriptors()
            was_cancelled = await cancelled_after(rounds)
            left.append(descriptors() - before)
            if not was_cancelled:
                return left
        raise AssertionError

    left = asyncio.run(run())
    assert set(left) == {0}
