"""fetcher: what a feed's owner wrote reaches the feed's own server and nobody else, directly or through a proxy."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from wire import FEED, LOOPBACK, Reply, Serve, answer, asked, fetched, to, words

from monitor.adapters.fetcher import Fetcher
from monitor.adapters.trust import context_of
from monitor.model.connection import Connection, Proxy, Tls
from monitor.model.feed import Feed, FeedState, Validators
from monitor.model.ids import FeedId
from monitor.model.poll import FetchFailure, Request, Response
from monitor.model.secret import Secret
from monitor.model.settings import PollSettings
from monitor.steps.fetch import request

NOW = datetime(2025, 2, 24, 12, 0, tzinfo=UTC)
MINE = (("Authorization", "Bearer k3y"), ("X-Api-Key", "k3y"))


def test_the_bytes_of_a_request(serve: Serve) -> None:
    """Nothing that could tell one reader from another: no cookie, no referrer, no parameter of ours."""

    async def run() -> tuple[str, int]:
        async with (
            serve(answer("200 OK", "Set-Cookie: a=1", body=FEED)) as wire,
            Fetcher(user_agent=PollSettings(contact="https://desk.example/bot").agent("1.2.3")) as fetcher,
        ):
            feed = Feed(
                id=FeedId("one"),
                url=f"{wire.url}/feed?x=1",
                publisher="One",
                headers=(("x-api-key", Secret("k3y")),),
                allow_private=LOOPBACK,
            )
            known = Validators(etag='W/"1"', last_modified="Mon, 24 Feb 2025 10:00:00 GMT")
            state = FeedState(feed_id=feed.id, next_poll_at=NOW, url=feed.url, validators=known, full_at=NOW)
            for _ in range(2):
                assert words(await fetcher.fetch(request(feed, state, NOW))) == ("answer", "200")
            assert wire.asked[0] == wire.asked[1]
            return wire.asked[0], wire.port

    head, port = asyncio.run(run())
    assert head == (
        "GET /feed?x=1 HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\n"
        "user-agent: newsmon/1.2.3 (+https://desk.example/bot)\r\n"
        "accept: application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
        "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1\r\n"
        "accept-encoding: gzip, deflate\r\n"
        'if-none-match: W/"1"\r\n'
        "if-modified-since: Mon, 24 Feb 2025 10:00:00 GMT\r\n"
        "x-api-key: k3y\r\n"
        "Connection: close\r\n"
        "\r\n"
    )


AGENTS = {
    "nothing said": (PollSettings(), "newsmon/1"),
    "somebody to turn to": (PollSettings(contact="desk@news.example"), "newsmon/1 (+desk@news.example)"),
    "another name": (PollSettings(user_agent="desk/1", contact="desk@news.example"), "desk/1"),
}


@pytest.mark.parametrize(("settings", "agent"), AGENTS.values(), ids=AGENTS)
def test_who_asks(settings: PollSettings, agent: str) -> None:
    assert settings.agent("1") == agent


def test_a_feed_may_be_asked_under_another_name(serve: Serve) -> None:
    _, wire = fetched(serve, to("/a"), answer(body=FEED), credentials=(("User-Agent", "desk/1"),))
    assert [wire.headers(hop)["user-agent"] for hop in range(2)] == ["desk/1", "desk/1"]


@dataclass(frozen=True)
class Journey:
    """Which of three servers has the request's `url`, which the owner's (`home`), and where the first two redirect to."""

    url: int
    home: int | None
    hops: tuple[int, ...]  # the servers that are asked in turn
    mine: tuple[bool, ...]  # whether each hears the owner's headers
    ours: tuple[bool, ...]  # whether each hears the validator


JOURNEYS = {
    "N17-at home": Journey(0, None, (0, 0), (True, True), (True, True)),
    "N17-away": Journey(0, None, (0, 1), (True, False), (True, False)),
    "N17-away and back": Journey(0, None, (0, 1, 0), (True, False, True), (True, False, True)),
    "N17-a move was learned": Journey(1, 0, (1,), (False,), (True,)),
    "N17-a move was learned and leads back": Journey(1, 0, (1, 0), (False, True), (True, False)),
    "N17-a move was learned and leads on": Journey(1, 0, (1, 2), (False, False), (True, False)),
}


@pytest.mark.parametrize("journey", JOURNEYS.values(), ids=JOURNEYS)
def test_only_who_was_meant_hears_it(journey: Journey, serve: Serve) -> None:
    async def run() -> list[dict[str, str]]:
        async with serve(b"") as a, serve(b"") as b, serve(b"") as c, Fetcher(user_agent="t") as fetcher:
            servers, heard = (a, b, c), []
            for each in servers:
                each.replies.clear()
            for place, server in enumerate(journey.hops):
                last = place + 1 == len(journey.hops)
                reply = answer(body=FEED) if last else to(f"{servers[journey.hops[place + 1]].url}/{place}")
                servers[server].replies.append(reply)
            result = await fetcher.fetch(
                Request(
                    url=servers[journey.url].url,
                    home="" if journey.home is None else servers[journey.home].url,
                    headers=(("If-None-Match", '"1"'),),
                    credentials=MINE,
                    allow_private=LOOPBACK,
                )
            )
            assert words(result) == ("answer", "200")
            asked_so_far = [0, 0, 0]
            for server in journey.hops:
                heard.append(servers[server].headers(asked_so_far[server]))
                asked_so_far[server] += 1
            return heard

    heard = asyncio.run(run())
    assert tuple({"authorization", "x-api-key"} <= set(each) for each in heard) == journey.mine
    assert tuple(not {"authorization", "x-api-key"}.isdisjoint(each) for each in heard) == journey.mine
    assert tuple("if-none-match" in each for each in heard) == journey.ours


def test_a_request_does_not_show_its_credentials() -> None:
    secret = Connection(proxy=Proxy(url="http://a:1", authorization=Secret("k3y")))
    assert "k3y" not in repr(Request(url="http://a.example/", credentials=MINE, connection=secret))


@dataclass
class Middle:
    """A proxy that keeps what it was asked, and tunnels everything to one port."""

    target: int
    verdict: str = "200 OK"
    port: int = 0
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.decode("latin-1"))
        if not self.verdict.startswith("200"):
            writer.write(f"HTTP/1.1 {self.verdict}\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
            if head.startswith(b"CONNECT"):
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                far_writer.write(head)
            await asyncio.gather(_pipe(reader, far_writer), _pipe(far_reader, writer))
        writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def middle(target: int, verdict: str = "200 OK") -> AsyncIterator[Middle]:
    proxy = Middle(target=target, verdict=verdict)
    tasks: set[asyncio.Task[None]] = set()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(proxy.serve(reader, writer)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # closed connections are told so in the next round of the loop


def through(proxy: Middle, user: str = "") -> Connection:
    basic = Secret("Basic " + base64.b64encode(user.encode()).decode()) if user else None
    return Connection(proxy=Proxy(url=f"http://127.0.0.1:{proxy.port}", authorization=basic))


def test_http_through_a_proxy(serve: Serve, dialled: list[Any]) -> None:
    """The name is the proxy's to resolve, and its address needs no permission: whoever writes a proxy down trusts it."""

    async def run() -> tuple[Response | FetchFailure, list[str], Any, int]:
        async with serve(answer(body=FEED)) as wire, middle(wire.port) as proxy:
            async with Fetcher(user_agent="t", lookup=_nobody) as fetcher:
                request = Request(url="http://a.example/feed", credentials=MINE, connection=through(proxy, "me:pass"))
                result = await fetcher.fetch(request)
            return result, proxy.asked, wire.headers(0), proxy.port

    result, asked_of_proxy, heard, port = asyncio.run(run())
    assert words(result) == ("answer", "200")
    (head,) = asked_of_proxy
    assert head.startswith("GET http://a.example/feed HTTP/1.1\r\nHost: a.example\r\n")
    assert "proxy-authorization: Basic bWU6cGFzcw==\r\n" in head
    assert heard["x-api-key"] == "k3y"
    assert dialled[0] == ("127.0.0.1", port)


def _nobody(host: str) -> list[str]:
    raise AssertionError(f"{host} was looked up")


@pytest.mark.served
def test_https_through_a_proxy(serve: Serve, certificates: Path) -> None:
    """The proxy hears the host, our name and its own password, and the server nothing of that password."""

    async def run() -> tuple[Response | FetchFailure, list[str], dict[str, str]]:
        tls = _server(certificates, "named")
        async with serve(answer(body=FEED), tls=tls) as wire, middle(wire.port) as proxy:
            connection = through(proxy, "me:pass")
            trusting = Connection(proxy=connection.proxy, tls=Tls(ca_file=str(certificates / "named.pem")))
            async with Fetcher(user_agent="t", lookup=_nobody) as fetcher:
                result = await fetcher.fetch(
                    Request(url="https://named.example/feed", credentials=MINE, connection=trusting)
                )
            return result, proxy.asked, wire.headers(0)

    result, (head,), heard = asyncio.run(run())
    assert words(result) == ("answer", "200")
    assert head == (
        "CONNECT named.example:443 HTTP/1.1\r\n"
        "Host: named.example:443\r\nuser-agent: t\r\nproxy-authorization: Basic bWU6cGFzcw==\r\n\r\n"
    )
    assert {"authorization": "Bearer k3y", "user-agent": "t"}.items() <= heard.items()
    assert "proxy-authorization" not in heard


VERDICTS = {
    "http": ("http://a.example/", "answer", "407"),
    "https": ("https://a.example/", "network_error", "the proxy refused: 407 Proxy Authentication Required"),
}


@pytest.mark.parametrize(("url", "outcome", "detail"), VERDICTS.values(), ids=VERDICTS)
def test_a_proxy_that_refuses(url: str, outcome: str, detail: str) -> None:
    async def run() -> Response | FetchFailure:
        async with middle(0, "407 Nope") as proxy, Fetcher(user_agent="t") as fetcher:
            return await fetcher.fetch(Request(url=url, connection=through(proxy)))

    assert words(asyncio.run(run())) == (outcome, detail)


def test_a_proxy_that_is_not_there() -> None:
    async def run() -> Response | FetchFailure:
        async with middle(0) as proxy:
            connection = through(proxy)
        async with Fetcher(user_agent="t") as fetcher:
            return await fetcher.fetch(Request(url="http://a.example/", connection=connection))

    assert words(asyncio.run(run())) == ("network_error", "of the proxy: the connection was refused")


# What is known of a target without resolving it is refused to a proxy as well, directly and after a redirect.
NEVER_ASKED = {
    "loopback": ("http://127.0.0.1/", "127.0.0.1 is a loopback address"),
    "metadata": ("http://169.254.169.254/latest", "169.254.169.254 is a link-local address"),
    "IPv6": ("http://[fd00:ec2::254]/", "fd00:ec2::254 is a private address"),
    "mapped": ("http://[::ffff:10.0.0.1]/", "::ffff:10.0.0.1 stands for 10.0.0.1, a private address"),
    "a number": ("http://2130706433/", "the URL names no host that can be dialled"),
    "octal": ("http://0177.0.0.1/", "the URL names no host that can be dialled"),
    "hexadecimal": ("http://127.0.0.0x1/", "the URL names no host that can be dialled"),
    "short": ("http://127.1/", "the URL names no host that can be dialled"),
    "localhost": ("http://localhost/", "localhost is this machine, or the proxy's"),
    "localhost with a dot": ("http://LOCALHOST./", "localhost is this machine, or the proxy's"),
    "below localhost": ("http://a.localhost/", "a.localhost is this machine, or the proxy's"),
    "newsmon itself": ("http://8.8.8.8:8787/", "8.8.8.8 port 8787 is newsmon itself"),
}  # fmt: skip


@pytest.mark.parametrize("redirected", [False, True], ids=["directly", "by a redirect"])
@pytest.mark.parametrize(("url", "detail"), NEVER_ASKED.values(), ids=NEVER_ASKED)
def test_what_a_proxy_is_not_asked_for(serve: Serve, url: str, detail: str, redirected: bool) -> None:
    async def run() -> tuple[Response | FetchFailure, int]:
        async with serve(to(url)) as wire, middle(wire.port) as proxy:
            async with Fetcher(user_agent="t", own_addresses=[("8.8.8.8", 8787)]) as fetcher:
                first = "http://a.example/" if redirected else url
                result = await fetcher.fetch(Request(url=first, connection=through(proxy)))
            return result, len(proxy.asked)

    result, asked_of_proxy = asyncio.run(run())
    assert asked_of_proxy == redirected
    # the spelling of a mapped address differs between Python's versions
    assert words(result) == ("blocked", detail.replace("::ffff:10.0.0.1", words(result)[1].partition(" ")[0]))


ALLOWED = {
    "an address": ("http://10.0.0.1/", ("10.0.0.0/8",)),
    "a name": ("http://localhost/", ("localhost",)),
}


@pytest.mark.parametrize(("url", "allow"), ALLOWED.values(), ids=ALLOWED)
def test_what_a_proxy_is_asked_for_because_it_is_allowed(serve: Serve, url: str, allow: tuple[str, ...]) -> None:
    async def run() -> Response | FetchFailure:
        async with serve(answer(body=FEED)) as wire, middle(wire.port) as proxy, Fetcher(user_agent="t") as fetcher:
            return await fetcher.fetch(Request(url=url, allow_private=allow, connection=through(proxy)))

    assert words(asyncio.run(run())) == ("answer", "200")


def test_a_proxy_is_never_newsmon_itself(serve: Serve) -> None:
    async def run() -> tuple[Response | FetchFailure, int, int]:
        async with serve(answer(body=FEED)) as wire:
            connection = Connection(proxy=Proxy(url=wire.url))
            async with Fetcher(user_agent="t", own_addresses=[("127.0.0.1", wire.port)]) as fetcher:
                result = await fetcher.fetch(Request(url="http://a.example/", connection=connection))
            return result, wire.accepted, wire.port

    result, accepted, port = asyncio.run(run())
    assert (words(result), accepted) == (("blocked", f"127.0.0.1 port {port} is newsmon itself"), 0)


PORTS = {
    "N14-a port that is not for HTTP": ("http://a.example:81/", (), "blocked", "port 81 is not for HTTP"),
    "N14-Redis": ("http://a.example:6379/", (), "blocked", "port 6379 is not for HTTP"),
    "N14-that is allowed": ("http://a.example:81/", (81,), "network_error", "the host name is not known"),
}


@pytest.mark.parametrize(("url", "ports", "outcome", "detail"), PORTS.values(), ids=PORTS)
def test_ports(url: str, ports: tuple[int, ...], outcome: str, detail: str) -> None:
    def unknown(host: str) -> list[str]:
        raise UnicodeError

    assert words(asked(url, lookup=unknown, connection=Connection(ports=ports))) == (outcome, detail)


def _server(folder: Path, name: str, *, ask: str = "", most: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """`ask`: whose signature a client must show."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    if ask:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / f"{ask}.pem")
    if most is not None:
        context.maximum_version = most
    return context


# the server's certificate, whose it asks of a client, its newest TLS; what the feed says; what comes of it
SECURED = {
    "N3-a CA of its own": (("good", "", None), {"ca_file": "good.pem"}, "answer", "200"),
    "N3-not of that CA": (
        ("good", "", None),
        {"ca_file": "other.pem"},
        "tls_error",
        "the certificate is not valid: self-signed certificate",
    ),
    "N3-a CA does not make up for the host": (
        ("other", "", None),
        {"ca_file": "other.pem"},
        "tls_error",
        "the certificate is not valid: IP address mismatch, certificate is not valid for '127.0.0.1'.",
    ),
    "N3-nothing verified": (("expired", "", None), {"verify": False}, "answer", "200"),
    "N3-TLS 1.2": (("good", "", ssl.TLSVersion.TLSv1_2), {"ca_file": "good.pem"}, "answer", "200"),
    "N3-TLS 1.3 at least": (("good", "", None), {"ca_file": "good.pem", "min_version": "1.3"}, "answer", "200"),
    "N3-a client's certificate": (
        ("good", "other", None),
        {"ca_file": "good.pem", "cert_file": "other.pem", "key_file": "other.key"},
        "answer",
        "200",
    ),
    "N3-a file that is gone": (
        ("good", "", None),
        {"ca_file": "gone.pem"},
        "tls_error",
        "gone.pem: No such file or directory",
    ),
}


@pytest.mark.served
@pytest.mark.parametrize(("theirs", "ours", "outcome", "detail"), SECURED.values(), ids=SECURED)
def test_tls_as_the_feed_says(
    serve: Serve,
    certificates: Path,
    theirs: tuple[str, str, ssl.TLSVersion | None],
    ours: dict[str, Any],
    outcome: str,
    detail: str,
) -> None:
    name, ask, most = theirs
    result = _secured(serve, certificates, ours, _server(certificates, name, ask=ask, most=most))
    assert (words(result)[0], words(result)[1].removeprefix(f"{certificates}/")) == (outcome, detail)


def _tls(folder: Path, ours: dict[str, Any]) -> Tls:
    return Tls(**{key: str(folder / value) if key.endswith("file") else value for key, value in ours.items()})


def _secured(serve: Serve, folder: Path, ours: dict[str, Any], *servers: ssl.SSLContext) -> Response | FetchFailure:
    """A poll of the first server; each redirects to the next one, and the last has the feed."""

    async def run() -> Response | FetchFailure:
        async with serve(b"", tls=servers[0]) as first, serve(answer(body=FEED), tls=servers[-1]) as last:
            far = len(servers) > 1
            first.replies[0] = to(f"https://127.0.0.1:{last.port}/") if far else answer(body=FEED)
            async with Fetcher(user_agent="t") as fetcher:
                url = f"https://127.0.0.1:{first.port}/"
                connection = Connection(tls=_tls(folder, ours))
                return await fetcher.fetch(Request(url=url, allow_private=LOOPBACK, connection=connection))

    return asyncio.run(run())


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_older_tls_is_not_spoken(version: str) -> None:
    least = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
    assert context_of(Tls(min_version=version)).minimum_version == least[version]


ELSEWHERE = {
    "N3-verify: false": {"verify": False},
    "N3-a CA of its own": {"ca_file": "good.pem"},
}


@pytest.mark.served
@pytest.mark.parametrize("ours", ELSEWHERE.values(), ids=ELSEWHERE)
def test_where_a_feed_redirects_to_the_systems_certificates_count(
    serve: Serve, certificates: Path, ours: dict[str, Any]
) -> None:
    context = _server(certificates, "good")
    result = _secured(serve, certificates, ours, context, context)
    assert words(result) == ("tls_error", "the certificate is not valid: self-signed certificate")


@pytest.mark.served
def test_a_certificate_that_was_renewed_is_read_again(serve: Serve, certificates: Path, tmp_path: Path) -> None:
    """Certificates live shorter than daemons."""
    ca = tmp_path / "ca.pem"

    async def run() -> list[tuple[str, str]]:
        context = _server(certificates, "good")
        async with serve(answer(body=FEED), tls=context) as wire, Fetcher(user_agent="t") as fetcher:
            connection = Connection(tls=Tls(ca_file=str(ca)))
            request = Request(url=f"https://127.0.0.1:{wire.port}/", allow_private=LOOPBACK, connection=connection)
            results = []
            for name in ("other", "good", "good"):
                ca.write_bytes((certificates / f"{name}.pem").read_bytes())
                results.append(words(await fetcher.fetch(request)))
            return results

    failed = ("tls_error", "the certificate is not valid: self-signed certificate")
    assert asyncio.run(run()) == [failed, ("answer", "200"), ("answer", "200")]


def test_an_interrupted_wait_for_a_proxy_is_a_timeout(serve: Serve) -> None:
    async def silence(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    replies: list[Reply] = [silence]

    async def run() -> Response | FetchFailure:
        async with serve(*replies) as wire, Fetcher(user_agent="t") as fetcher:
            connection = Connection(proxy=Proxy(url=wire.url))
            limit = timedelta(seconds=0.3)
            return await fetcher.fetch(Request(url="https://a.example/", timeout=limit, connection=connection))

    assert words(asyncio.run(run())) == ("timeout", "no whole answer within 0.3 s")
