"""dial: one address or several, by name or by number, with TLS or through a proxy: connected, or an error that has words."""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from wire import FEED, LOOPBACK, Reply, Serve, answer

from monitor.adapters.http import request
from monitor.adapters.http.answer import Head
from monitor.adapters.http.dial import Dialler, Route
from monitor.adapters.http.fault import FAULTS, Kind, explain
from monitor.model.connection import Proxy

OK = answer(body=FEED)


async def asked(dialler: Dialler, route: Route) -> Head:
    connection = await dialler.connect(route)
    try:
        return await connection.ask(request.connect("a", 1, {}), lambda _: None)
    finally:
        connection.hang_up()


def reached(serve: Serve, addresses: list[str], *, allow: tuple[str, ...] = LOOPBACK) -> tuple[str, int]:
    """What comes of a host with these addresses, of which one listens; and how often that was connected to."""

    async def run() -> tuple[str, int]:
        async with serve(OK) as wire:
            dialler = Dialler(user_agent="t", lookup=lambda _: addresses)
            try:
                head = await asked(dialler, Route(host="a.example", port=wire.port, allow_private=allow))
            except FAULTS as error:
                return explain(error).detail, wire.accepted
            return str(head.status), wire.accepted

    return asyncio.run(run())


HERE, DEAD, DEAD_TOO, DEAD_6 = "127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"
REFUSED = "the connection was refused"
ADDRESSES: dict[str, tuple[list[str], str, int]] = {
    "one": ([HERE], "200", 1),
    "one that is dead": ([DEAD], REFUSED, 0),
    "the second": ([DEAD, HERE], "200", 1),
    "the other family's": ([DEAD_6, HERE], "200", 1),
    "the last of those that are tried": ([DEAD, DEAD_TOO, "127.0.0.4", HERE], "200", 1),
    "none of those that are tried": ([DEAD, DEAD_TOO, "127.0.0.4", "127.0.0.5", HERE], REFUSED, 0),
    "all are dead": ([DEAD, DEAD_TOO, DEAD_6], REFUSED, 0),
    "none": ([], "the host name is not known", 0),
}


@pytest.mark.parametrize(("addresses", "result", "accepted"), ADDRESSES.values(), ids=ADDRESSES)
def test_which_address_answers(serve: Serve, addresses: list[str], result: str, accepted: int) -> None:
    assert reached(serve, addresses) == (result, accepted)


def test_of_several_addresses_only_what_may_be_dialled_is(serve: Serve, dialled: list[Any]) -> None:
    assert reached(serve, [DEAD, HERE, DEAD_TOO], allow=("127.0.0.1/32",)) == ("200", 1)
    assert {address for address, _ in dialled} == {HERE}


def test_an_address_that_does_not_answer_takes_its_share_of_the_time(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 8305: the next one is tried while the first one still is. Its queue is full, so that it takes no connection."""
    monkeypatch.setattr("monitor.adapters.http.dial.NEXT_ADDRESS_AFTER_SECONDS", 0.01)

    async def run() -> int:
        async with serve(OK) as wire:
            with socket.socket() as deaf:
                deaf.bind((DEAD, wire.port))
                deaf.listen(0)
                crowd = [socket.socket() for _ in range(4)]
                for each in crowd:
                    each.setblocking(False)
                    each.connect_ex((DEAD, wire.port))
                dialler = Dialler(user_agent="t", lookup=lambda _: [DEAD, HERE])
                head = await asked(dialler, Route(host="a.example", port=wire.port, allow_private=LOOPBACK))
                for each in crowd:
                    each.close()
            return head.status

    assert asyncio.run(run()) == 200


ZONES = {
    "link-local": ("fe80::1%25lo", (), "fe80::1%25lo is a link-local address"),
    "link-local, allowed": ("fe80::1%25lo", ("fe80::/10",), "an address with a zone in the URL"),
    "loopback, allowed": ("::1%lo", LOOPBACK, "an address with a zone in the URL"),
}


@pytest.mark.parametrize(("host", "allow", "detail"), ZONES.values(), ids=ZONES)
def test_an_address_with_a_zone(dialled: list[Any], host: str, allow: tuple[str, ...], detail: str) -> None:
    async def run() -> tuple[Kind, str]:
        with pytest.raises(OSError) as refused:
            await Dialler(user_agent="t").connect(Route(host=host, port=80, allow_private=allow))
        fault = explain(refused.value)
        return fault.kind, fault.detail

    assert asyncio.run(run()) == (Kind.BLOCKED, detail)
    assert dialled == []


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


PROXIES: dict[str, tuple[Reply, bool, Kind, str]] = {
    "refuses": (
        answer("403 No"),
        True,
        Kind.NETWORK_ERROR,
        "the proxy refused: 403 Forbidden",
    ),
    "redirects": (answer("302 No", "Location: /"), True, Kind.NETWORK_ERROR, "the proxy refused: 302 Found"),
    "hangs up": (hang_up, True, Kind.NETWORK_ERROR, "of the proxy: the server cut the connection"),
    "is none": (
        b"220 mail.example\r\n",
        True,
        Kind.NETWORK_ERROR,
        "of the proxy: the answer is not HTTP that can be read",
    ),
    "sends a header for ever": (
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
        True,
        Kind.NETWORK_ERROR,
        "of the proxy: a header of more than 64 KiB",
    ),
    "tunnels to nobody": (
        b"HTTP/1.1 200 OK\r\n\r\n",
        True,
        Kind.NETWORK_ERROR,
        "the server cut the connection",
    ),
    "is not there": (OK, False, Kind.NETWORK_ERROR, "of the proxy: the connection was refused"),
}


@pytest.mark.parametrize(("reply", "there", "kind", "detail"), PROXIES.values(), ids=PROXIES)
def test_a_proxy_that(serve: Serve, reply: Reply, there: bool, kind: Kind, detail: str) -> None:
    async def run() -> tuple[Kind, str]:
        async with serve(reply) as wire:
            host = "127.0.0.1" if there else "127.0.0.2"
            proxy = Proxy(url=f"http://{host}:{wire.port}")
            route = Route(host="a.example", port=443, tls=ssl.create_default_context(), proxy=proxy)
            with pytest.raises(FAULTS) as failed:
                await Dialler(user_agent="t").connect(route)
        fault = explain(failed.value)
        return fault.kind, fault.detail

    assert asyncio.run(run()) == (kind, detail)


def test_a_proxy_whose_name_is_not_known() -> None:
    def unknown(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, host)

    async def run() -> str:
        route = Route(host="a.example", port=80, proxy=Proxy(url="http://proxy.example:3128"))
        with pytest.raises(FAULTS) as failed:
            await Dialler(user_agent="t", lookup=unknown).connect(route)
        return explain(failed.value).detail

    assert asyncio.run(run()) == "of the proxy: the host name is not known"


@pytest.mark.served
def test_what_a_server_is_told_of_us_under_tls(serve: Serve, certificates: Path) -> None:
    """Whom we look for, and that we speak HTTP/1.1: an address is no name, and a final dot is no part of one."""
    heard: list[tuple[str | None, str | None]] = []

    async def protocol(writer: asyncio.StreamWriter) -> None:
        heard.append((names.pop(), writer.get_extra_info("ssl_object").selected_alpn_protocol()))
        writer.write(OK)

    names: list[str | None] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificates / "named.pem", certificates / "named.key")
    server.set_alpn_protocols(["h2", "http/1.1"])
    server.sni_callback = lambda _socket, name, _context: names.append(name)
    client = ssl.create_default_context(cafile=str(certificates / "named.pem"))
    client.check_hostname = False
    client.set_alpn_protocols(["http/1.1"])

    async def run() -> None:
        async with serve(protocol, tls=server) as wire:
            dialler = Dialler(user_agent="t", lookup=lambda _: ["127.0.0.1"])
            for host in ("named.example", "named.example.", "127.0.0.1"):
                await asked(dialler, Route(host=host, port=wire.port, tls=client, allow_private=LOOPBACK))

    asyncio.run(run())
    assert heard == [("named.example", "http/1.1"), ("named.example", "http/1.1"), (None, "http/1.1")]
