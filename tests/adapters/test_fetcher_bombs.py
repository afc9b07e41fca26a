"""fetcher: servers that mean harm. Each poll of one ends in a word and in bounded memory, and a good feed is polled meanwhile."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from itertools import count

import pytest
from wire import FEED, LOOPBACK, Reply, Serve, answer, gzipped, to, words

from monitor.adapters.fetcher import Fetcher
from monitor.model.poll import FetchFailure, Request, Response

MEMORY_BYTES_MAX = 50 * 2**20
HEAD = b"HTTP/1.1 200 OK\r\n"


def for_ever(head: bytes, pieces: Callable[[], Iterator[bytes]], pause: float = 0.0) -> Reply:
    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        for piece in pieces():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return write


def again(piece: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: (piece for _ in count())


def zeros(wbits: int) -> Callable[[], Iterator[bytes]]:
    """Compressed zeros without end, a thousand to a byte."""

    def pieces() -> Iterator[bytes]:
        packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
        while True:
            yield packer.compress(bytes(2**20)) + packer.flush(zlib.Z_SYNC_FLUSH)

    return pieces


def hops() -> Reply:
    numbers = count()

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(to(f"/{next(numbers)}"))

    return write


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CODED = HEAD + b"Content-Encoding: %b\r\n\r\n"
GZIP, DEFLATE = 31, 15
NESTED = gzip.compress(gzip.compress(gzip.compress(bytes(100 * 2**20), 9)))
BOMBS: dict[str, tuple[Reply, set[str]]] = {
    "N5-a body without end": (for_ever(HEAD + b"\r\n", again(b"x" * 65536)), {"too_large"}),
    "N5-chunks without end": (for_ever(CHUNKED, again(b"10000\r\n" + b"x" * 65536 + b"\r\n")), {"too_large"}),
    "N5-empty-handed chunks": (for_ever(CHUNKED, again(b"1\r\nx\r\n" * 1000)), {"too_large", "timeout"}),
    "N5-a chunk of which the length has no end": (
        for_ever(CHUNKED, again(b"0" * 65536)),
        {"network_error", "timeout"},
    ),
    "N5-a trailer without end": (for_ever(CHUNKED + b"0\r\n", again(b"X: y\r\n" * 1000)), {"network_error", "timeout"}),
    "N7-gzip, 1000 to 1": (gzipped(gzip.compress(bytes(200 * 2**20), 9)), {"too_large"}),
    "N7-gzip without end": (for_ever(CODED % b"gzip", zeros(GZIP)), {"too_large"}),
    "N7-deflate without end": (for_ever(CODED % b"deflate", zeros(DEFLATE)), {"too_large"}),
    "N7-bare deflate without end": (for_ever(CODED % b"deflate", zeros(-DEFLATE)), {"too_large"}),
    "N7-gzip in gzip in gzip, all declared": (
        answer("200 OK", "Content-Encoding: gzip, gzip, gzip", body=NESTED),
        {"decode_error"},
    ),
    "N7-gzip in gzip in gzip, one declared": (gzipped(NESTED), {"answer"}),
    "N7-gzip files without end": (for_ever(CODED % b"gzip", again(gzip.compress(b"") * 1000)), {"decode_error"}),
    "N7-padding without end": (for_ever(CODED % b"gzip" + gzip.compress(FEED), again(bytes(65536))), {"too_large"}),
    "N7-gzip cut off": (gzipped(gzip.compress(FEED * 1000)[:-20]), {"decode_error"}),
    "N7-another coding": (answer("200 OK", "Content-Encoding: br", body=gzip.compress(FEED)), {"decode_error"}),
    "N8-header fields without end": (for_ever(HEAD, again(b"X: y\r\n" * 1000)), {"network_error"}),
    "N8-a header field without end": (for_ever(HEAD + b"X: ", again(b"y" * 65536)), {"network_error"}),
    "N8-a status line without end": (for_ever(b"HTTP/1.1 200 ", again(b"O" * 65536)), {"network_error", "timeout"}),
    "N8-interim answers without end": (
        for_ever(b"", again(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)),
        {"network_error", "timeout"},
    ),
    "N8-early hints without end": (
        for_ever(b"", again(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 1000)),
        {"network_error", "timeout"},
    ),
    "N9-redirects without end": (hops(), {"redirect_error"}),
    "N4-a body that drips": (for_ever(HEAD + b"\r\n", again(b"x"), 0.01), {"timeout"}),
    "N4-a header that drips": (for_ever(HEAD, again(b"X: y\r\n"), 0.02), {"timeout"}),
    "N4-gzip that drips": (
        for_ever(CODED % b"gzip", lambda: (bytes([each]) for each in gzip.compress(bytes(2**20))), 0.01),
        {"timeout"},
    ),
}


@pytest.mark.parametrize(("bomb", "outcomes"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_its_own_poll_only(serve: Serve, bomb: Reply, outcomes: set[str]) -> None:
    """Where two words are allowed it is the server's pace that decides between them."""

    async def run() -> tuple[Response | FetchFailure, list[tuple[str, str]]]:
        async with (
            serve(bomb) as bad,
            serve(answer(body=FEED), host="127.0.0.2") as good,
            Fetcher(user_agent="newsmon/test") as fetcher,
        ):

            def poll(url: str, seconds: float) -> Awaitable[Response | FetchFailure]:
                request = Request(url=url, allow_private=LOOPBACK, timeout=timedelta(seconds=seconds))
                return fetcher.fetch(request)

            polled = asyncio.ensure_future(poll(bad.url, 1.0 if "timeout" in outcomes else 20.0))
            others = []
            while not others or not polled.done():
                others.append(words(await poll(good.url, 20.0)))
            return await polled, others

    tracemalloc.start()
    try:
        result, others = asyncio.run(run())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert words(result)[0] in outcomes
    assert set(others) == {("answer", "200")}
    assert peak < MEMORY_BYTES_MAX
