"""feed_server: the feeds that both sides poll, served by a process of its own, whose time is not counted.

    python -m benchmarks.poll.feed_server FEEDS      says its port on the first line

`GET /-/NAME` begins the case of that name and answers what was answered since the last one: a number for each status.
"""

import asyncio
import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from benchmarks import news
from benchmarks.http import Reply, Request, serve

NEW_ENTRIES = 2
"""That the changed document lists, at the top; as many fall off its end."""
ENTRY_EVERY = timedelta(minutes=40)


class Feeds:
    """Each feed in two versions: the first one, and the changed one."""

    def __init__(self, count: int) -> None:
        self._started = datetime.now(UTC).replace(microsecond=0)
        self._documents = [[self._document(feed, version) for feed in range(count)] for version in range(2)]
        self._case = ""
        self._answered: Counter[int] = Counter()

    def answer(self, request: Request) -> Reply:
        if request.path.startswith("/-/"):
            self._case = request.path.removeprefix("/-/")
            body = json.dumps(self._answered).encode()
            self._answered.clear()
            return Reply(status=200, body=body)
        reply = self._feed(int(request.path.removeprefix("/feed/")), request)
        self._answered[reply.status] += 1
        return reply

    def _feed(self, feed: int, request: Request) -> Reply:
        version = self._case == "changed"
        etag = f'"{feed}-{version:d}"'
        modified = format_datetime(self._started + timedelta(minutes=version), usegmt=True)
        headers = (("Content-Type", "application/rss+xml; charset=utf-8"), ("ETag", etag), ("Last-Modified", modified))
        if self._case == "not_modified" and request.headers.get("if-none-match") == etag:
            return Reply(status=304, headers=headers[1:])
        return Reply(status=200, headers=headers, body=self._documents[version][feed])

    def _document(self, feed: int, version: int) -> bytes:
        newest = news.ENTRIES + version * NEW_ENTRIES
        numbers = range(newest, newest - news.ENTRIES, -1)
        entries = [news.entry(feed, number, self._published(number)) for number in numbers]
        return news.document(feed, entries, self._started + timedelta(minutes=version))

    def _published(self, number: int) -> datetime:
        return self._started - ENTRY_EVERY * (news.ENTRIES + NEW_ENTRIES - number)


async def main() -> None:
    feeds = Feeds(int(sys.argv[1]))
    print(await serve(feeds.answer), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it goes


if __name__ == "__main__":
    asyncio.run(main())
