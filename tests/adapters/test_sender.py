"""sender: an attempt ends in a word within its time, its header decides, and nothing that is secret comes back in what is shown."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from wire import LOOPBACK, Reply, Serve, Wire, answer, to

from monitor.adapters.sender import ANSWER_BYTES_MAX, Sender
from monitor.model.delivery import Answer, Attempt, Post

HEADERS = (("content-type", "application/json"), ("webhook-id", "msg_1"), ("webhook-signature", "v1,c2lnbmF0dXJl"))
BODY = b'{"type":"test"}'


def sent(serve: Serve, *replies: Reply, path: str = "/hook", **post: Any) -> tuple[Answer, Wire]:
    """One attempt at a receiver that gives these replies in turn."""

    async def run() -> tuple[Answer, Wire]:
        async with serve(*replies) as wire, Sender(user_agent="newsmon/test") as sender:
            options = {"timeout": timedelta(seconds=5), "allow_private": LOOPBACK} | post
            return await sender.send(Post(url=wire.url + path, headers=HEADERS, body=BODY, **options)), wire

    return asyncio.run(run())


def words(result: Answer) -> tuple[str, str, int | None]:
    return result.outcome.value, result.detail, result.status


def test_the_bytes_of_a_delivery(serve: Serve) -> None:
    _, wire = sent(serve, answer())
    assert wire.asked[0] == (
        "POST /hook HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{wire.port}\r\n"
        "accept: */*\r\n"
        "accept-encoding: identity\r\n"
        "user-agent: newsmon/test\r\n"
        "content-type: application/json\r\n"
        "webhook-id: msg_1\r\n"
        "webhook-signature: v1,c2lnbmF0dXJl\r\n"
        "Content-Length: 15\r\n"
        "\r\n"
    )
    assert wire.bodies == [BODY]


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


STATUSES: dict[str, tuple[Reply, tuple[str, str, int | None]]] = {
    "200": (answer("200 Fine"), ("ok", "200 OK", 200)),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", ("ok", "204 No Content", 204)),
    "301": (to("http://a.example/", "301 Moved"), ("http_3xx", "301 Moved Permanently", 301)),
    "404": (answer("404 Not Found"), ("http_4xx", "404 Not Found", 404)),
    "410": (answer("410 Gone"), ("gone", "410 Gone", 410)),
    "429": (answer("429 Slow"), ("rate_limited", "429 Too Many Requests", 429)),
    "500": (answer("500 Oh"), ("http_5xx", "500 Internal Server Error", 500)),
    "999": (answer("999 What"), ("http_5xx", "999", 999)),
    "hung up": (hang_up, ("network_error", "the server cut the connection", None)),
    "no HTTP": (b"220 mail\r\n", ("network_error", "the answer is not HTTP that can be read", None)),
    "a header for ever": (
        b"HTTP/1.1 200 OK\r\nX: " + bytes(100_000),
        ("network_error", "a header of more than 64 KiB", None),
    ),
    "a body that ends early": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", ("ok", "200 OK", 200)),
}


@pytest.mark.parametrize(("reply", "expected"), STATUSES.values(), ids=STATUSES)
def test_how_an_attempt_ends(serve: Serve, reply: Reply, expected: tuple[str, str, int | None]) -> None:
    result, wire = sent(serve, reply)
    assert words(result) == expected
    assert len(wire.asked) == 1


def test_a_receiver_that_does_not_answer(serve: Serve) -> None:
    result, _ = sent(serve, silence, timeout=timedelta(seconds=0.1))
    assert words(result) == ("timeout", "no answer within 0.1 s", None)


NEVER = {
    "not public": ("http://127.0.0.1:8080/", "127.0.0.1 is a loopback address"),
    "a number": ("http://2130706433/", "the URL names no host that can be dialled"),
    "not HTTP": ("http://a.example:25/", "port 25 is not for HTTP"),
    "a password": ("http://me:pw@a.example/", "a user name or password in the URL"),
    "a zone": ("http://[fe80::1%25lo]/", "fe80::1%25lo is a link-local address"),
}


@pytest.mark.parametrize(("url", "detail"), NEVER.values(), ids=NEVER)
def test_what_is_not_posted_to(dialled: list[Any], url: str, detail: str) -> None:
    async def run() -> Answer:
        async with Sender(user_agent="t") as sender:
            return await sender.send(Post(url=url, headers=(), body=b"", timeout=timedelta(seconds=5)))

    assert words(asyncio.run(run())) == ("blocked", detail, None)
    assert dialled == []


def test_newsmon_itself_is_not_posted_to(serve: Serve) -> None:
    async def run() -> tuple[Answer, int, int]:
        async with (
            serve(answer()) as wire,
            Sender(user_agent="t", own_addresses=[("127.0.0.1", wire.port)]) as sender,
        ):
            post = Post(url=wire.url, headers=(), body=b"", timeout=timedelta(seconds=5), allow_private=LOOPBACK)
            return await sender.send(post), wire.accepted, wire.port

    result, accepted, port = asyncio.run(run())
    assert (words(result), accepted) == (("blocked", f"127.0.0.1 port {port} is newsmon itself", None), 0)


def test_when_to_come_back(serve: Serve) -> None:
    result, _ = sent(serve, answer("503 Busy", "Retry-After: 30"))
    assert (result.outcome, result.retry_after) == (Attempt.HTTP_5XX, timedelta(seconds=30))


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\nbegin")
    while True:
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b".")


async def stall(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nbegun")
    await asyncio.sleep(60)


SHOWN: dict[str, tuple[Reply, str]] = {
    "as one line": (answer(body=b" a\r\n\tb\0c\x1b[31m "), "a b c [31m"),
    "not in UTF-8": (answer(body=b"\xff!"), "\ufffd!"),
    "its beginning": (answer(body=b"x" * (ANSWER_BYTES_MAX + 1)), "x" * ANSWER_BYTES_MAX),
    "of one without end": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"400\r\n" + b"x" * 1024 + b"\r\n" * 1,
        "x" * 1024,
    ),
    "not if it is coded": (answer("200 OK", "Content-Encoding: gzip", body=b"x"), ""),
    "what came of one that ends early": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "ok"),
    "without the signature": (answer(body=b"bad v1,c2lnbmF0dXJl"), "bad ***"),
    "without the path": (answer(body=b"no /hook/s3cret here"), "no *** here"),
    "with what is no secret": (answer(body=b"msg_1 application/json"), "msg_1 application/json"),
}


@pytest.mark.parametrize(("reply", "text"), SHOWN.values(), ids=SHOWN)
def test_what_is_shown_of_the_answer(serve: Serve, reply: Reply, text: str) -> None:
    result, _ = sent(serve, reply, path="/hook/s3cret")
    assert (result.outcome, result.body) == (Attempt.OK, text)


SLOW: dict[str, tuple[Reply, tuple[str, str, int | None]]] = {
    "a body that drips": (drip, ("ok", "200 OK", 200)),
    "a body that stalls": (stall, ("ok", "202 Accepted", 202)),
}


@pytest.mark.parametrize(("reply", "expected"), SLOW.values(), ids=SLOW)
def test_a_slow_body_is_not_waited_for(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, reply: Reply, expected: tuple[str, str, int | None]
) -> None:
    monkeypatch.setattr("monitor.adapters.sender.ANSWER_SECONDS_MAX", 0.05)
    result, _ = sent(serve, reply)
    assert words(result) == expected
    assert result.body.startswith("beg")


def test_a_receivers_own_time_is_not_lengthened_by_an_answer(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.adapters.sender.ANSWER_SECONDS_MAX", 3600.0)
    result, _ = sent(serve, stall, timeout=timedelta(seconds=0.1))
    assert words(result) == ("ok", "202 Accepted", 202)


def test_deliveries_in_a_row_share_a_connection(serve: Serve) -> None:
    async def run() -> tuple[list[Attempt], int, int]:
        async with serve(answer(body=b"ok"), keeps=True) as wire, Sender(user_agent="t") as sender:
            post = Post(url=wire.url, headers=HEADERS, body=BODY, timeout=timedelta(seconds=5), allow_private=LOOPBACK)
            return [(await sender.send(post)).outcome for _ in range(5)], len(wire.asked), wire.accepted

    assert asyncio.run(run()) == ([Attempt.OK] * 5, 5, 1)


def test_a_receiver_that_hangs_up_after_every_answer_loses_nothing(serve: Serve) -> None:
    async def run() -> tuple[list[Attempt], int, int]:
        async with serve(answer(body=b"ok")) as wire, Sender(user_agent="t") as sender:
            post = Post(url=wire.url, headers=HEADERS, body=BODY, timeout=timedelta(seconds=5), allow_private=LOOPBACK)
            return [(await sender.send(post)).outcome for _ in range(5)], len(wire.asked), wire.accepted

    assert asyncio.run(run()) == ([Attempt.OK] * 5, 5, 5)


@pytest.mark.served
def test_a_receiver_proves_who_it_is(serve: Serve, certificates: Path) -> None:
    async def run(trusted: str) -> tuple[str, str, int | None]:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(certificates / "named.pem", certificates / "named.key")
        context = ssl.create_default_context(cafile=str(certificates / f"{trusted}.pem"))
        async with (
            serve(answer(), tls=server) as wire,
            Sender(user_agent="t", tls=context, lookup=lambda _: ["127.0.0.1"]) as sender,
        ):
            url = f"https://named.example:{wire.port}/"
            post = Post(url=url, headers=(), body=b"", timeout=timedelta(seconds=5), allow_private=LOOPBACK)
            return words(await sender.send(post))

    assert asyncio.run(run("named")) == ("ok", "200 OK", 200)
    assert asyncio.run(run("other")) == (
        "tls_error",
        "the certificate is not valid: self-signed certificate",
        None,
    )
