"""fetcher: a body arrives decoded, or is given up at its limit."""

import asyncio
import gzip
import resource
import zlib
from datetime import timedelta

import pytest
from wire import FEED, Reply, Serve, answer, fetched, gzipped, words

from monitor.adapters.fetcher import BODY_BYTES_MAX
from monitor.model.poll import Response


def bare(body: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(body) + deflate.flush()


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


BODIES = {
    "plain": answer(body=FEED),
    "no length, ended by closing": answer(body=FEED, length=False),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(FEED), FEED),
    "gzip": gzipped(gzip.compress(FEED)),
    "x-gzip": answer("200 OK", "Content-Encoding: X-GZip", body=gzip.compress(FEED)),
    "gzip in two members": gzipped(gzip.compress(FEED[:9]) + gzip.compress(FEED[9:])),
    "gzip with padding after it": gzipped(gzip.compress(FEED) + b"\0" * 20),
    "deflate": answer("200 OK", "Content-Encoding: deflate", body=zlib.compress(FEED)),
    "deflate without its zlib header": answer("200 OK", "Content-Encoding: deflate", body=bare(FEED)),
    "identity": answer("200 OK", "Content-Encoding: identity", body=FEED),
    "after interim answers": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 3 + answer(body=FEED),
    "a header field of 20 kB": answer("200 OK", "Content-Security-Policy: " + "x" * 20_000, body=FEED),
}


@pytest.mark.parametrize("reply", BODIES.values(), ids=BODIES)
def test_a_body_arrives_decoded(serve: Serve, reply: bytes) -> None:
    result, _ = fetched(serve, reply)
    assert isinstance(result, Response)
    assert (result.status, result.body) == (200, FEED)


FAILURES: dict[str, tuple[Reply, str, str]] = {
    "N6-ten gigabytes announced": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
        "too_large",
        "announces 9,536.7 MiB, the limit is 10 MiB",
    ),
    "F14-an entry of 50 MB": (answer(body=bytes(50 * 2**20), length=False), "too_large", "larger than 10 MiB"),
    "N7-gzip of zeros": (gzipped(gzip.compress(bytes(100 * 2**20), 9)), "too_large", "larger than 10 MiB"),
    "N7-deflate of zeros": (
        answer("200 OK", "Content-Encoding: deflate", body=zlib.compress(bytes(11 * 2**20), 9)),
        "too_large",
        "larger than 10 MiB",
    ),
    "N7-gzip, gzip": (
        answer("200 OK", "Content-Encoding: gzip, gzip", body=gzip.compress(gzip.compress(FEED))),
        "decode_error",
        "the body is coded more than once",
    ),
    "N7-gzip and gzip": (
        answer("200 OK", "Content-Encoding: gzip", "Content-Encoding: gzip", body=gzip.compress(gzip.compress(FEED))),
        "decode_error",
        "the body is coded more than once",
    ),
    "N7-gzip that ends early": (
        gzipped(gzip.compress(FEED)[:-9]),
        "decode_error",
        "the gzip body ends too early",
    ),
    "N7-gzip that is none": (
        gzipped(FEED),
        "decode_error",
        "the body is not gzip, although its header says so",
    ),
    "N7-br was not offered": (
        answer("200 OK", "Content-Encoding: br", body=FEED),
        "decode_error",
        "the body is coded in a way that was not asked for",
    ),
    "N7-a coding that is none": (
        answer("200 OK", "Content-Encoding: utf-8", body=FEED),
        "decode_error",
        "the body is coded in a way that was not asked for",
    ),
    "N7-a thousand gzip files": (
        gzipped(gzip.compress(b"") * 1000),
        "decode_error",
        "the body is more than 100 gzip files",
    ),
}


@pytest.mark.parametrize(("reply", "outcome", "detail"), FAILURES.values(), ids=FAILURES)
def test_what_goes_wrong_has_a_word(serve: Serve, reply: Reply, outcome: str, detail: str) -> None:
    timeout = timedelta(seconds=0.5 if outcome == "timeout" else 5)
    result, _ = fetched(serve, reply, timeout=timeout)
    assert words(result) == (outcome, detail)


def test_an_endless_body_ends_at_the_limit_and_costs_little_memory(serve: Serve) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result, _ = fetched(serve, endless)
    assert words(result) == ("too_large", "larger than 10 MiB")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 2**10


@pytest.mark.parametrize("size", [BODY_BYTES_MAX, BODY_BYTES_MAX + 1])
@pytest.mark.parametrize("coded", [False, True])
def test_the_limit_is_ten_mebibytes(serve: Serve, size: int, coded: bool) -> None:
    body = bytes(size)
    result, _ = fetched(serve, gzipped(gzip.compress(body, 1)) if coded else answer(body=body, length=False))
    assert words(result)[0] == ("answer" if size == BODY_BYTES_MAX else "too_large")
