"""feed_server: serves the feeds of a news day on loopback, each on an address of its own, and knows what the daemon has taken in.

newsmon writes a feed's ETag in the same commit as what the feed brought. A request that bears the ETag of the document that
is served now therefore proves that the document has been taken in: `confirmed` is that proof, and the day moves on by it
instead of by the clock.
"""

import hashlib
import socket
from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from monitor.commands.demo.documents import BROKEN, CONTENT_TYPES, document
from monitor.commands.demo.news_day import NewsDay, Publisher, Trouble

LOOPBACK = "127.0.0.1"


class FeedServer:
    """The feeds of `day`, from its first stage on. `served` is called with the feed and what it answered, every time."""

    def __init__(self, day: NewsDay, start: datetime, served: Callable[[Publisher, int | Trouble], None]) -> None:
        self._day = day
        self._start = start
        self._served = served
        self._stage = 0
        self._publishers = {publisher.feed: publisher for publisher in day.publishers}
        self._documents: dict[str, tuple[str, bytes]] = {}
        self._troubles: dict[str, list[Trouble]] = {feed: [] for feed in self._publishers}
        self._confirmed: set[str] = set()
        self._runner: web.AppRunner | None = None
        self.urls: dict[str, str] = {}
        self._turn_to(0)

    async def start(self) -> None:
        """Listen, on ports that the system picks; `urls` tells where."""
        application = web.Application()
        application.router.add_get("/{feed}", self._answer)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        for publisher in self._publishers.values():
            listener = _listen(publisher.host)
            host, port = listener.getsockname()
            await web.SockSite(self._runner, listener).start()
            self.urls[publisher.feed] = f"http://{host}:{port}/{publisher.feed}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def advance(self) -> None:
        """List what the next stage brings."""
        self._stage += 1
        self._turn_to(self._stage)

    def unconfirmed(self) -> list[str]:
        """The feeds whose present document the daemon has not taken in yet."""
        return [feed for feed in self._publishers if feed not in self._confirmed]

    def _turn_to(self, number: int) -> None:
        for feed, publisher in self._publishers.items():
            self._troubles[feed] += self._day.stages[number].troubles.get(feed, ())
            body = document(publisher, self._day.listed(feed, number), self._start)
            etag = f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'
            if self._documents.get(feed, ("", b""))[0] != etag:
                self._confirmed.discard(feed)
            self._documents[feed] = (etag, body)

    async def _answer(self, request: web.Request) -> web.Response:
        publisher = self._publishers.get(request.match_info["feed"])
        if publisher is None:
            raise web.HTTPNotFound
        return self._respond(publisher, request.headers.get("If-None-Match", ""))

    def _respond(self, publisher: Publisher, known: str) -> web.Response:
        etag, body = self._documents[publisher.feed]
        headers = {"ETag": etag, "Content-Type": CONTENT_TYPES[publisher.kind]}
        if self._troubles[publisher.feed]:
            trouble = self._troubles[publisher.feed].pop(0)
            self._served(publisher, trouble)
            if trouble is Trouble.UNAVAILABLE:
                return web.Response(status=503, text="the presses are being cleaned")
            return web.Response(body=BROKEN, content_type="text/html")
        if known == etag:
            self._confirmed.add(publisher.feed)
            self._served(publisher, 304)
            return web.Response(status=304, headers=headers)
        self._served(publisher, 200)
        return web.Response(body=body, headers=headers)


def _listen(host: str) -> socket.socket:
    """A listener on that loopback address; on 127.0.0.1 where the system has no other (macOS): slower, for all feeds are one host then."""
    try:
        return socket.create_server((host, 0))
    except OSError:
        return socket.create_server((LOOPBACK, 0))
