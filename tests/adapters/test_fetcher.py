"""fetcher: whatever a server does, one poll ends in a word and within its limits."""

import asyncio
import gzip
import resource
import socket
import ssl
import threading
import zlib
from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import pytest

from monitor.adapters.fetcher import BODY_BYTES_MAX, Fetcher
from monitor.model.poll import FetchFailure, Outcome, Request, Response

LOOPBACK = ("127.0.0.0/8", "::1/128")
FEED = b"<rss version='2.0'><channel><title>t</title></channel></rss>"
Serve = Callable[..., Any]


def answer(status: str = "200 OK", *headers: str, body: bytes = b"", length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
    return "\r\n".join([*lines, "", ""]).encode() + body


def gzipped(body: bytes) -> bytes:
    return answer("200 OK", "Content-Encoding: gzip", body=body)


def bare(body: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(body) + deflate.flush()


def to(url: str, status: str = "302 Found") -> bytes:
    return answer(status, f"Location: {url}")


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


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def endless_interim(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
        await writer.drain()


def fetched(serve: Serve, *replies: Any, path: str = "/feed", **asked: Any) -> tuple[Response | FetchFailure, Any]:
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


def test_an_answer_tells_what_it_was(serve: Serve) -> None:
    reply = answer("200 OK", 'ETag: W/"a\'b"', "Last-Modified: yesterday", "X-Twice: 1", "X-Twice: 2", body=FEED)
    result, wire = fetched(serve, reply)
    assert isinstance(result, Response)
    assert result.header("etag") == 'W/"a\'b"'
    assert [value for name, value in result.headers if name == "x-twice"] == ["1", "2"]
    assert (result.reason, result.url, result.permanent_url) == ("OK", wire.url + "/feed", None)
    assert timedelta() < result.elapsed < timedelta(seconds=5)


FAILURES: dict[str, tuple[Any, str, str]] = {
    "N2 hung up at once": (hang_up, "network_error", "the server cut the connection"),
    "N2 reset in the body": (reset, "network_error", "the answer ends too early"),
    "N2 shorter than its length": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
        "network_error",
        "the answer ends too early",
    ),
    "N2 chunks without an end": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "network_error",
        "the answer ends too early",
    ),
    "N2 chunks of garbage": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        "network_error",
        "the answer is not HTTP that can be read",
    ),
    "N4 silence": (silence, "timeout", "no whole answer within 0.5 s"),
    "N4 a header that drips": (drip_header, "timeout", "no whole answer within 0.5 s"),
    "N4 a body that drips": (drip, "timeout", "no whole answer within 0.5 s"),
    "N4 a body that stalls": (stall_after_header, "timeout", "no whole answer within 0.5 s"),
    "N6 ten gigabytes announced": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
        "too_large",
        "announces 9,536.7 MiB, the limit is 10 MiB",
    ),
    "N7 gzip of zeros": (gzipped(gzip.compress(bytes(100 * 2**20), 9)), "too_large", "larger than 10 MiB"),
    "N7 deflate of zeros": (
        answer("200 OK", "Content-Encoding: deflate", body=zlib.compress(bytes(11 * 2**20), 9)),
        "too_large",
        "larger than 10 MiB",
    ),
    "N7 gzip, gzip": (
        answer("200 OK", "Content-Encoding: gzip, gzip", body=gzip.compress(gzip.compress(FEED))),
        "decode_error",
        "the body is coded more than once",
    ),
    "N7 gzip and gzip": (
        answer("200 OK", "Content-Encoding: gzip", "Content-Encoding: gzip", body=gzip.compress(gzip.compress(FEED))),
        "decode_error",
        "the body is coded more than once",
    ),
    "N7 gzip that ends early": (
        gzipped(gzip.compress(FEED)[:-9]),
        "decode_error",
        "the gzip body ends too early",
    ),
    "N7 gzip that is none": (
        gzipped(FEED),
        "decode_error",
        "the body is not gzip, although its header says so",
    ),
    "N7 br was not offered": (
        answer("200 OK", "Content-Encoding: br", body=FEED),
        "decode_error",
        "the body is coded in a way that was not asked for",
    ),
    "N7 a coding that is none": (
        answer("200 OK", "Content-Encoding: utf-8", body=FEED),
        "decode_error",
        "the body is coded in a way that was not asked for",
    ),
    "N7 a thousand gzip files": (
        gzipped(gzip.compress(b"") * 1000),
        "decode_error",
        "the body is more than 100 gzip files",
    ),
    "N8 200,000 header fields": (
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000 + b"\r\n",
        "network_error",
        "the answer is not HTTP that can be read",
    ),
    "N8 a header field of 2 MB": (
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2_000_000 + b"\r\n\r\n",
        "network_error",
        "the answer is not HTTP that can be read",
    ),
    "N8 a header of 80 kB": (
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
    "N9 to a file": (
        to("file:///etc/passwd"),
        "redirect_error",
        "a redirect was not followed: a URL that is not http or https",
    ),
    "N9 to gopher": (
        to("gopher://127.0.0.1/x"),
        "redirect_error",
        "a redirect was not followed: a URL that is not http or https",
    ),
    "N9 to javascript": (
        to("javascript:alert(1)"),
        "redirect_error",
        "a redirect was not followed: a URL that is not http or https",
    ),
    "N9 to itself": (to("/feed"), "redirect_error", "the redirects go in a circle"),
    "N11 to this machine": (to("http://0.0.0.0/"), "blocked", "0.0.0.0 is an address of this machine"),
    "N11 to the cloud": (to("http://169.254.169.254/latest"), "blocked", "169.254.169.254 is a link-local address"),
    "N11 to a mapped address": (
        to("http://[::ffff:a00:1]/"),
        "blocked",
        f"{IPv6Address('::ffff:a00:1')} stands for 10.0.0.1, a private address",
    ),
    "N13 to a number": (to("http://2130706433/"), "blocked", "the URL names no host that can be dialled"),
    "N14 with a user": (
        to("http://me:secret@127.0.0.1/"),
        "redirect_error",
        "a redirect was not followed: a user name or password in the URL",
    ),
    "N14 to the mail port": (
        to("http://127.0.0.1:25/"),
        "redirect_error",
        "a redirect was not followed: port 25 is not for HTTP",
    ),
    "N14 with a backslash": (
        to("http://a.example\\@127.0.0.1/"),
        "redirect_error",
        "a redirect was not followed: white space, a control character or a backslash in the URL",
    ),
    "to no URL": (to("http://[oops/"), "redirect_error", "a redirect to what is no URL"),
}


@pytest.mark.parametrize(("reply", "outcome", "detail"), FAILURES.values(), ids=FAILURES)
def test_what_goes_wrong_has_a_word(serve: Serve, reply: Any, outcome: str, detail: str) -> None:
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


def test_interim_answers_without_end_are_cut_off(serve: Serve) -> None:
    result, _ = fetched(serve, endless_interim, timeout=timedelta(seconds=0.5))
    assert words(result)[0] in {"timeout", "network_error"}


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


REDIRECTS: dict[str, tuple[list[bytes], str, str | None]] = {
    "N10 301": ([to("/new", "301 Moved")], "/new", "/new"),
    "N10 308 then 301": ([to("/a", "308 Moved"), to("b", "301 Moved")], "/b", "/b"),
    "302": ([to("/new")], "/new", None),
    "301 then 307": ([to("/a", "301 Moved"), to("/b", "307 Later")], "/b", None),
    "303": ([to("/new", "303 See Other")], "/new", None),
    "a space in it": ([to("/a b")], "/a%20b", None),
    "a fragment": ([to("/a#top")], "/a", None),
    "five": ([to(f"/{n}") for n in range(5)], "/4", None),
}


@pytest.mark.parametrize(("hops", "final", "permanent"), REDIRECTS.values(), ids=REDIRECTS)
def test_redirects_are_followed(serve: Serve, hops: list[bytes], final: str, permanent: str | None) -> None:
    result, wire = fetched(serve, *hops, answer(body=FEED))
    assert isinstance(result, Response)
    assert (result.status, result.url, result.permanent_url) == (
        200,
        wire.url + final,
        permanent and wire.url + permanent,
    )


def test_the_sixth_redirect_is_one_too_many(serve: Serve) -> None:
    result, wire = fetched(serve, *(to(f"/{n}") for n in range(6)), answer(body=FEED))
    assert words(result) == ("redirect_error", "more than 5 redirects")
    assert len(wire.asked) == 6


def test_a_redirect_without_a_target_is_an_answer(serve: Serve) -> None:
    result, _ = fetched(serve, answer("302 Found"))
    assert words(result) == ("answer", "302")


HEADERS = (
    ("Accept", "application/atom+xml"),
    ("Accept-Encoding", "gzip, deflate"),
    ("If-None-Match", '"1"'),
    ("X-Api-Key", "key"),
    ("Authorization", "Basic x"),
)


def test_headers_are_sent_as_they_are(serve: Serve) -> None:
    _, wire = fetched(serve, answer(body=FEED), headers=HEADERS)
    sent = wire.headers(0)
    assert {name.lower(): value for name, value in HEADERS}.items() <= sent.items()
    assert sent["user-agent"] == "newsmon/test"
    assert {"cookie", "referer"}.isdisjoint(sent)


def test_n17_another_origin_hears_no_key_and_no_condition(serve: Serve) -> None:
    async def run() -> tuple[Response | FetchFailure, dict[str, str], dict[str, str]]:
        async with serve(answer(body=FEED)) as there, serve(to(f"{there.url}/x")) as here:
            async with Fetcher(user_agent="newsmon/test") as fetcher:
                result = await fetcher.fetch(Request(url=here.url, headers=HEADERS, allow_private=LOOPBACK))
            return result, here.headers(0), there.headers(0)

    result, here, there = asyncio.run(run())
    assert isinstance(result, Response)
    assert {"x-api-key", "authorization", "if-none-match"} <= set(here)
    assert {"x-api-key", "authorization", "if-none-match"}.isdisjoint(there)
    assert (there["accept"], there["accept-encoding"]) == ("application/atom+xml", "gzip, deflate")
    assert result.conditional is False


def test_n16_no_cookie_comes_back(serve: Serve) -> None:
    redirect = answer("302 Found", "Location: /two", "Set-Cookie: a=1; Path=/")
    _, wire = fetched(serve, redirect, answer("200 OK", "Set-Cookie: b=2", body=FEED))
    assert "cookie" not in wire.headers(1)


def test_n18_a_proxy_of_the_environment_is_not_asked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    result, _ = fetched(serve, answer(body=FEED))
    assert words(result) == ("answer", "200")


def asked(url: str, **options: Any) -> FetchFailure | Response:
    async def run() -> Response | FetchFailure:
        seams = {name: options.pop(name) for name in ("lookup", "own_addresses", "tls") if name in options}
        async with Fetcher(user_agent="newsmon/test", **seams) as fetcher:
            return await fetcher.fetch(Request(url=url, timeout=timedelta(seconds=5), **options))

    return asyncio.run(run())


def nobody(host: str) -> list[str]:
    raise AssertionError(f"{host} was looked up")


NEVER_DIALLED = {
    "N13 a number": ("http://2130706433/", "the URL names no host that can be dialled"),
    "N13 octal": ("http://0177.0.0.1/", "the URL names no host that can be dialled"),
    "N13 short": ("http://127.1/", "the URL names no host that can be dialled"),
    "N13 zero": ("http://0/", "the URL names no host that can be dialled"),
    "N13 full-width digits": ("http://１２７.0.0.1/", "127.0.0.1 is a loopback address"),
    "N13 circled digits": ("http://①②⑦.0.0.1/", "127.0.0.1 is a loopback address"),
    "N13 loopback": ("http://127.0.0.1:8080/", "127.0.0.1 is a loopback address"),
    "N13 loopback of IPv6": ("http://[::1]/", "::1 is a loopback address"),
    "N13 with a zone": ("http://[fe80::1%25lo]/", "fe80::1%25lo is a link-local address"),
    "N11 mapped": (
        "http://[::ffff:7f00:1]/",
        f"{IPv6Address('::ffff:7f00:1')} stands for 127.0.0.1, a loopback address",
    ),
    "no host": ("http:///feed", "a URL without a host"),
    "another scheme": ("ftp://a.example/", "a URL that is not http or https"),
    "a password": ("http://me:secret@a.example/", "a user name or password in the URL"),
    "port 0": ("http://a.example:0/", "port 0 is not for HTTP"),
    "a line break": ("http://a.example/\r\nX: y", "white space, a control character or a backslash in the URL"),
}


@pytest.mark.parametrize(("url", "detail"), NEVER_DIALLED.values(), ids=NEVER_DIALLED)
def test_what_is_not_public_is_not_dialled(url: str, detail: str) -> None:
    assert words(asked(url, lookup=nobody)) == ("blocked", detail)


@pytest.mark.parametrize("url", ["http://0x7f000001/", "http://localhost/", "http://LOCALHOST/"])
def test_n13_names_of_this_machine_are_not_dialled(url: str) -> None:
    outcome, detail = words(asked(url))
    assert (outcome, detail.endswith("is a loopback address")) == ("blocked", True)


def test_n12_a_name_that_changes_is_not_dialled_where_it_leads(serve: Serve) -> None:
    """The second lookup answers otherwise than the first: the socket is opened to what was checked, or not at all."""
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def run() -> tuple[Response | FetchFailure, int]:
        async with serve(to("http://rebind.example:{port}/two")) as wire:
            async with Fetcher(user_agent="newsmon/test", lookup=lambda _: answers.pop(0)) as fetcher:
                url = f"http://rebind.example:{wire.port}/"
                return await fetcher.fetch(Request(url=url, allow_private=("127.0.0.1/32",))), wire.accepted

    result, accepted = asyncio.run(run())
    assert words(result) == ("blocked", "127.0.0.2 is a loopback address")
    assert accepted == 1


def test_n12_of_mixed_answers_only_what_may_be_dialled_is(serve: Serve) -> None:
    async def run() -> Response | FetchFailure:
        async with serve(answer(body=FEED)) as wire:
            addresses = ["10.0.0.1", "127.0.0.2", "127.0.0.1", "fd00::1"]
            async with Fetcher(user_agent="newsmon/test", lookup=lambda _: addresses) as fetcher:
                url = f"http://mixed.example:{wire.port}/"
                return await fetcher.fetch(
                    Request(url=url, allow_private=("127.0.0.1/32",), timeout=timedelta(seconds=2))
                )

    assert words(asyncio.run(run())) == ("answer", "200")


def test_a_host_name_allows_what_it_resolves_to_for_its_own_feed_alone(serve: Serve) -> None:
    async def run() -> list[tuple[str, str]]:
        async with (
            serve(answer(body=FEED)) as wire,
            Fetcher(user_agent="newsmon/test", lookup=lambda _: ["127.0.0.1"]) as fetcher,
        ):
            urls = [f"http://rsshub:{wire.port}/", f"http://other:{wire.port}/", f"http://rsshub:{wire.port}/"]
            allowed = [("rsshub",), ("rsshub",), ()]
            asked = zip(urls, allowed, strict=True)
            return [words(await fetcher.fetch(Request(url=url, allow_private=names))) for url, names in asked]

    blocked = ("blocked", "127.0.0.1 is a loopback address")
    assert asyncio.run(run()) == [("answer", "200"), blocked, blocked]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::", "localhost"])
def test_n15_newsmon_does_not_read_itself(serve: Serve, host: str) -> None:
    async def run() -> tuple[tuple[str, str], int, int]:
        async with (
            serve(answer(body=FEED)) as wire,
            Fetcher(user_agent="newsmon/test", own_addresses=[(host, wire.port)]) as fetcher,
        ):
            request = Request(url=wire.url, allow_private=LOOPBACK)
            return words(await fetcher.fetch(request)), wire.accepted, wire.port

    result, accepted, port = asyncio.run(run())
    assert (result, accepted) == (("blocked", f"127.0.0.1 port {port} is newsmon itself"), 0)


def refuse(error: Exception) -> Callable[[str], list[str]]:
    def lookup(host: str) -> list[str]:
        raise error

    return lookup


NAMES = {
    "N1 no such name": (socket.gaierror(socket.EAI_NONAME, "?"), "the host name is not known"),
    "N1 the name servers fail": (socket.gaierror(socket.EAI_AGAIN, "?"), "no answer from DNS"),
    "N1 a label too long for DNS": (UnicodeError("label too long"), "the host name is not known"),
}


@pytest.mark.parametrize(("error", "detail"), NAMES.values(), ids=NAMES)
def test_a_name_that_is_none(error: Exception, detail: str) -> None:
    assert words(asked("http://a.example/", lookup=refuse(error))) == ("network_error", detail)


def test_n1_dns_that_hangs_ends_after_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.adapters.dial.DNS_SECONDS_MAX", 0.05)
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


def tls_server(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def tls_client(folder: Path, *names: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for name in names:
        context.load_verify_locations(folder / f"{name}.pem")
    return context


SECURE = {
    "good": ("good", "good", "answer", "200"),
    "N3 signed by itself": ("good", "other", "tls_error", "the certificate is not valid: self-signed certificate"),
    "N3 expired": ("expired", "expired", "tls_error", "the certificate is not valid: certificate has expired"),
    "N3 another host's": (
        "other",
        "other",
        "tls_error",
        "the certificate is not valid: IP address mismatch, certificate is not valid for '127.0.0.1'.",
    ),
}


@pytest.mark.served
@pytest.mark.parametrize(("theirs", "ours", "outcome", "detail"), SECURE.values(), ids=SECURE)
def test_certificates_are_checked(
    serve: Serve, certificates: Path, theirs: str, ours: str, outcome: str, detail: str
) -> None:
    async def run() -> Response | FetchFailure:
        async with serve(answer(body=FEED), tls=tls_server(certificates, theirs)) as wire:
            async with Fetcher(user_agent="newsmon/test", tls=tls_client(certificates, ours)) as fetcher:
                return await fetcher.fetch(Request(url=f"https://127.0.0.1:{wire.port}/", allow_private=LOOPBACK))

    assert words(asyncio.run(run())) == (outcome, detail)


NO_TLS = {
    "N3 an old protocol": (b"\x15\x03\x01\x00\x02\x02\x46", "no secure connection: tlsv1 alert protocol version"),
    "N3 plain HTTP": (answer(body=FEED), "no secure connection: wrong version number"),
}


@pytest.mark.parametrize(("reply", "detail"), NO_TLS.values(), ids=NO_TLS)
def test_what_is_not_secure_is_not_read(serve: Serve, reply: bytes, detail: str) -> None:
    async def run() -> Response | FetchFailure:
        async with serve(reply, at_once=True) as wire, Fetcher(user_agent="newsmon/test") as fetcher:
            return await fetcher.fetch(Request(url=f"https://127.0.0.1:{wire.port}/", allow_private=LOOPBACK))

    assert words(asyncio.run(run())) == ("tls_error", detail)


@pytest.mark.served
def test_n9_https_never_leads_back_to_http(serve: Serve, certificates: Path) -> None:
    async def run() -> tuple[Response | FetchFailure, int]:
        async with (
            serve(answer(body=FEED)) as plain,
            serve(to(plain.url), tls=tls_server(certificates, "good")) as wire,
        ):
            async with Fetcher(user_agent="newsmon/test", tls=tls_client(certificates, "good")) as fetcher:
                url = f"https://127.0.0.1:{wire.port}/"
                return await fetcher.fetch(Request(url=url, allow_private=LOOPBACK)), plain.accepted

    result, accepted = asyncio.run(run())
    assert words(result) == ("redirect_error", "a redirect was not followed: from https back to http")
    assert accepted == 0


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
