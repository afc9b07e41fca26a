"""The feed server answers as a publisher's server would, and knows what has been taken in."""

import asyncio
from datetime import UTC, datetime

import aiohttp

from monitor.commands.demo.feed_server import FeedServer
from monitor.commands.demo.news_day import Entry, Kind, NewsDay, Publisher, Stage, Trouble

START = datetime(2025, 2, 24, 18, 0, tzinfo=UTC)
ONE = Publisher(feed="one", name="One", kind=Kind.RSS, lang="en", site="https://one.example", host="127.0.0.21")
TWO = Publisher(feed="two", name="Two", kind=Kind.ATOM, lang="en", site="https://two.example", host="127.0.0.22")
DAY = NewsDay(
    publishers=(ONE, TWO),
    stages=(
        Stage(name="", about="", listed={"one": (Entry(slug="a", title="A", summary="a"),)}),
        Stage(
            name="",
            about="",
            listed={"one": (Entry(slug="b", title="B", summary="b"), Entry(slug="a", title="A, edited", summary="a"))},
            troubles={"one": (Trouble.UNAVAILABLE, Trouble.BROKEN)},
        ),
    ),
    refused_once="",
)


class Reader:
    """Polls as newsmon does: with the ETag of the last good document."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._etags: dict[str, str] = {}

    async def poll(self, url: str) -> tuple[int, str]:
        known = {"If-None-Match": self._etags[url]} if url in self._etags else {}
        async with self._session.get(url, headers=known) as response:
            if "ETag" in response.headers:
                self._etags[url] = response.headers["ETag"]
            return response.status, await response.text()


def test_a_document_counts_as_taken_in_when_its_etag_comes_back() -> None:
    served: list[tuple[str, int | Trouble]] = []

    async def play() -> list[object]:
        server = FeedServer(DAY, START, lambda publisher, answer: served.append((publisher.feed, answer)))
        await server.start()
        seen: list[object] = []
        async with aiohttp.ClientSession() as session:
            reader = Reader(session)
            one, two = server.urls["one"], server.urls["two"]
            seen += [((await reader.poll(url))[0], server.unconfirmed()) for url in (one, two, one, two)]
            server.advance()
            seen.append(server.unconfirmed())
            for _ in range(4):
                status, body = await reader.poll(one)
                seen.append((status, "A, edited" in body, "<rss" in body, server.unconfirmed()))
        await server.stop()
        return seen

    assert asyncio.run(play()) == [
        (200, ["one", "two"]),
        (200, ["one", "two"]),
        (304, ["two"]),
        (304, []),
        ["one"],
        (503, False, False, ["one"]),
        (200, False, False, ["one"]),
        (200, True, True, ["one"]),
        (304, False, False, []),
    ]
    assert served[-4:] == [("one", Trouble.UNAVAILABLE), ("one", Trouble.BROKEN), ("one", 200), ("one", 304)]


def test_every_publisher_has_a_host_of_its_own() -> None:
    async def urls() -> dict[str, str]:
        server = FeedServer(DAY, START, lambda _publisher, _answer: None)
        await server.start()
        await server.stop()
        return server.urls

    found = asyncio.run(urls())
    assert {feed: url.split(":")[1] for feed, url in found.items()} == {"one": "//127.0.0.21", "two": "//127.0.0.22"}


def test_new_entries_stand_on_top_and_edited_ones_where_they_stood() -> None:
    assert [entry.title for entry in DAY.listed("one", 1)] == ["B", "A, edited"]
