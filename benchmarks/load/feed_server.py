"""feed_server: the feeds of the load, a third of each kind, which list new entries while they are polled.

    python -m benchmarks.load.feed_server FEEDS      says its port on the first line

Feeds of the first kind know validators and answer 304; those of the second send the same document again; those of the third send one that
differs in its date at every request, as many do. Every fourth poll finds a new entry, and while the load is measured every twentieth finds
one that a routed topic matches. `GET /-/begin` and `/-/end` bound the time that is measured; the second tells what happened in it.
"""

import asyncio
import json
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks import news
from benchmarks.http import Reply, Request, serve

METALS = ("cobalt", "wolframite", "lithium", "graphite", "titanium")
QUERIES = tuple(f"{metal} NEAR/5 (strike OR blockade)" for metal in METALS)
"""Of the topics that are routed: no made-up word is one of these."""
NEWS_EVERY = 4  # polls
PLANTED_EVERY = 20
ENTRY_EVERY = timedelta(minutes=40)
KINDS = 3


@dataclass(slots=True)
class _Feed:
    built: datetime
    newest: int = news.ENTRIES
    published: dict[int, datetime] = field(default_factory=dict)
    planted: dict[int, str] = field(default_factory=dict)


class Feeds:
    def __init__(self, count: int) -> None:
        self._started = datetime.now(UTC).replace(microsecond=0)
        self._feeds = [_Feed(built=self._started) for _ in range(count)]
        self._polls = 0
        self._measuring = False
        self._answered: Counter[int] = Counter()
        self._asked_at: defaultdict[int, list[float]] = defaultdict(list)
        self._planted: list[tuple[int, int]] = []

    def answer(self, request: Request) -> Reply:
        if request.path.startswith("/-/"):
            return self._turn(request.path.removeprefix("/-/"))
        number = int(request.path.removeprefix("/feed/"))
        self._asked_at[number].append(time.time())
        self._publish(number)
        reply = self._feed(number, request)
        self._answered[reply.status] += 1
        return reply

    def _turn(self, word: str) -> Reply:
        if word == "begin":
            self._measuring = True
            self._answered.clear()
            self._planted.clear()
        elif word == "end":
            self._measuring = False
        told = {"answered": self._answered, "planted": self._planted, "asked_at": self._asked_at}
        return Reply(status=200, body=json.dumps(told if word == "end" else {}).encode())

    def _publish(self, number: int) -> None:
        """What is new in that feed since its last poll."""
        self._polls += 1
        plant = self._measuring and self._polls % PLANTED_EVERY == 0
        feed = self._feeds[number]
        if not plant and self._polls % NEWS_EVERY:
            return
        feed.newest += 1
        feed.built = feed.published[feed.newest] = datetime.now(UTC)
        if plant:
            feed.planted[feed.newest] = f"Miners of {METALS[len(self._planted) % len(METALS)]} strike. "
            self._planted.append((number, feed.newest))

    def _feed(self, number: int, request: Request) -> Reply:
        feed, kind = self._feeds[number], number % KINDS
        headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/rss+xml; charset=utf-8"),)
        if kind == 0:
            etag = f'"{number}-{feed.newest}"'
            headers += (("ETag", etag),)
            if request.headers.get("if-none-match") == etag:
                return Reply(status=304, headers=headers[1:])
        entries = [
            news.entry(number, entry, self._published(feed, entry), feed.planted.get(entry, ""))
            for entry in range(feed.newest, feed.newest - news.ENTRIES, -1)
        ]
        built = datetime.now(UTC) if kind == KINDS - 1 else feed.built
        return Reply(status=200, headers=headers, body=news.document(number, entries, built))

    def _published(self, feed: _Feed, entry: int) -> datetime:
        return feed.published.get(entry) or self._started - ENTRY_EVERY * (news.ENTRIES - entry)


async def main() -> None:
    feeds = Feeds(int(sys.argv[1]))
    print(await serve(feeds.answer), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it goes


if __name__ == "__main__":
    asyncio.run(main())
