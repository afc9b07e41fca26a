"""fetcher: however the network or a server fails, a poll ends in a word and within its time."""

import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from wire import FEED, LOOPBACK, Reply, Serve, answer, asked, fetched, words

from monitor.adapters.fetcher import Fetcher
from monitor.model.poll import FetchFailure, Outcome, Request, Response


async def silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def stall_after_header(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
    await asyncio.sleep(60)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.02)


async def drip_header(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await asyncio.sleep(0.05)


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
    await writer.drain()
    writer.transport.abort()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def endless_interim(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
        await writer.drain()


FAILURES: dict[str, tuple[Reply, str, str]] = {
    "N2-hung up at once": (hang_up, "network_error", "the server cut the connection"),
    "N2-reset in the body": (reset, "network_error", "the answer ends too early"),
    "N2-shorter than its length": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
        "network_error",
        "the answer ends too early",
    ),
    "N2-chunks without an end": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "network_error",
        "the answer ends too early",
    ),
    "N2-chunks of garbage": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        "network_error",
        "the answer is not HTTP that can be read",
    ),
    "N4-silence": (silence, "timeout", "no whole answer within 0.5 s"),
    "N4-a header that drips": (drip_header, "timeout", "no whole answer within 0.5 s"),
    "N4-a body that drips": (drip, "timeout", "no whole answer within 0.5 s"),
    "N4-a body that stalls": (stall_after_header, "timeout", "no whole answer within 0.5 s"),
    "N8-200,000 header fields": (
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000 + b"\r\n",
        "network_error",
        "a header of more than 128 fields",
    ),
    "N8-a header field of 2 MB": (
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n",
        "network_error",
        "a header of more than 64 KiB",
    ),
    "N8-a header of 80 kB": (
        answer("200 OK", *(f"X{n}: {'y' * 8000}" for n in range(10)), body=FEED),
        "network_error",
        "a header of more than 64 KiB",
    ),
    "no HTTP": (b"220 mail.example ESMTP\r\n", "network_error", "the answer is not HTTP that can be read"),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "network_error",
        "the answer is not HTTP that can be read",
    ),
}


@pytest.mark.parametrize(("reply", "outcome", "detail"), FAILURES.values(), ids=FAILURES)
def test_what_goes_wrong_has_a_word(serve: Serve, reply: Reply, outcome: str, detail: str) -> None:
    timeout = timedelta(seconds=0.5 if outcome == "timeout" else 5)
    result, _ = fetched(serve, reply, timeout=timeout)
    assert words(result) == (outcome, detail)


def test_interim_answers_without_end_are_cut_off(serve: Serve) -> None:
    result, _ = fetched(serve, endless_interim, timeout=timedelta(seconds=0.5))
    assert words(result)[0] in {"timeout", "network_error"}


def refuse(error: Exception) -> Callable[[str], list[str]]:
    def lookup(host: str) -> list[str]:
        raise error

    return lookup


NAMES = {
    "N1-no such name": (socket.gaierror(socket.EAI_NONAME, "?"), "the host name is not known"),
    "N1-the name servers fail": (socket.gaierror(socket.EAI_AGAIN, "?"), "no answer from DNS"),
    "N1-a label too long for DNS": (UnicodeError("label too long"), "the host name is not known"),
}


@pytest.mark.parametrize(("error", "detail"), NAMES.values(), ids=NAMES)
def test_a_name_that_is_none(error: Exception, detail: str) -> None:
    assert words(asked("http://a.example/", lookup=refuse(error))) == ("network_error", detail)


STAYED = {
    "no name server answers": (socket.gaierror(socket.EAI_AGAIN, "?"), True),
    "no such name": (socket.gaierror(socket.EAI_NONAME, "?"), False),
    "no route out": (OSError(errno.ENETUNREACH, "?"), True),
    "the gateway is off": (OSError(errno.EHOSTUNREACH, "?"), True),
    "the interface is down": (OSError(errno.ENETDOWN, "?"), True),
    "refused": (ConnectionRefusedError(errno.ECONNREFUSED, "?"), False),
    "cut": (ConnectionResetError(errno.ECONNRESET, "?"), False),
}


@pytest.mark.parametrize(("error", "stayed"), STAYED.values(), ids=STAYED)
def test_it_is_known_whether_anything_left_this_machine(error: OSError, stayed: bool) -> None:
    result = asked("http://a.example/", lookup=refuse(error))
    assert isinstance(result, FetchFailure)
    assert result.stayed is stayed


def test_n1_dns_that_hangs_ends_after_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.adapters.http.names.DNS_SECONDS_MAX", 0.05)
    release = threading.Event()

    def hang(host: str) -> list[str]:
        release.wait(30)
        return []

    assert words(asked("http://a.example/", lookup=hang)) == ("network_error", "no answer from DNS")
    release.set()


def test_n2_a_closed_port(serve: Serve) -> None:
    async def run() -> Response | FetchFailure:
        async with serve(b"") as wire:
            url = wire.url
        async with Fetcher(user_agent="newsmon/test") as fetcher:
            return await fetcher.fetch(Request(url=url, allow_private=LOOPBACK))

    assert words(asyncio.run(run())) == ("network_error", "the connection was refused")


def test_n18_a_proxy_of_the_environment_is_not_asked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    result, _ = fetched(serve, answer(body=FEED))
    assert words(result) == ("answer", "200")


STATUSES = [
    "204 No Content",
    "304 Not Modified",
    "401 Unauthorized",
    "404 Not Found",
    "410 Gone",
    "429 Too Many Requests",
    "503 Busy",
]


@pytest.mark.parametrize("status", STATUSES)
def test_another_status_is_an_answer_without_body(serve: Serve, status: str) -> None:
    bodiless = status[:3] in {"204", "304"}
    result, _ = fetched(
        serve, answer(status, "Retry-After: 7", body=b"" if bodiless else b"words", length=not bodiless)
    )
    assert isinstance(result, Response)
    assert (result.status, result.body, result.header("retry-after")) == (int(status[:3]), b"", "7")


def test_an_answer_tells_what_it_was(serve: Serve) -> None:
    reply = answer("200 OK", 'ETag: W/"a\'b"', "Last-Modified: yesterday", "X-Twice: 1", "X-Twice: 2", body=FEED)
    result, wire = fetched(serve, reply)
    assert isinstance(result, Response)
    assert result.header("etag") == 'W/"a\'b"'
    assert [value for name, value in result.headers if name == "x-twice"] == ["1", "2"]
    assert (result.reason, result.url, result.permanent_url) == ("OK", wire.url + "/feed", None)
    assert timedelta() < result.elapsed < timedelta(seconds=5)


def test_cancelling_a_poll_cancels_it(serve: Serve) -> None:
    async def run() -> None:
        async with serve(silence) as wire, Fetcher(user_agent="newsmon/test") as fetcher:
            polling = asyncio.create_task(fetcher.fetch(Request(url=wire.url, allow_private=LOOPBACK)))
            while not wire.asked:
                await asyncio.sleep(0.01)
            polling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await polling

    asyncio.run(run())


def test_every_outcome_of_a_failure_is_a_failing_word() -> None:
    assert not any(Outcome(outcome).good for _, outcome, _ in FAILURES.values())
