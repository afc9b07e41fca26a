"""client: a connection is kept for who asks again soon and on the same terms, and whatever speaks against it, a new one is opened."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from wire import LOOPBACK, Reply, Serve, Wire, answer
from yarl import URL

from monitor.adapters.guard import Blocked
from monitor.adapters.http import request
from monitor.adapters.http.answer import Head
from monitor.adapters.http.client import Client
from monitor.adapters.http.dial import Route
from monitor.adapters.http.fault import FAULTS, HungUpError
from monitor.model.connection import Proxy

OK = answer(body=b"ok")


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def to(wire: Wire) -> Route:
    return Route(host="127.0.0.1", port=wire.port, allow_private=LOOPBACK)


async def posted(client: Client, route: Route, *, wanted: bool = True) -> int:
    """The status of one POST that may be sent on a kept connection."""
    asked = request.post(URL("http://a.example/"), {}, b"hello")
    head = await client.ask(route, asked, lambda _: (lambda _: True) if wanted else None, keep=True)
    return head.status


async def settled() -> None:
    """What has been sent has arrived: on loopback a few rounds of the loop."""
    for _ in range(10):
        await asyncio.sleep(0)


def twice(serve: Serve, first: Reply, *, keeps: bool = True, wanted: bool = True) -> tuple[list[int], int]:
    """Two POSTs in turn, and over how many connections."""

    async def run() -> tuple[list[int], int]:
        async with serve(first, OK, keeps=keeps) as wire:
            client = Client(user_agent="t")
            statuses = [await posted(client, to(wire), wanted=wanted)]
            await settled()
            statuses.append(await posted(client, to(wire)))
            client.close()
            return statuses, wire.accepted

    return asyncio.run(run())


async def late(writer: asyncio.StreamWriter) -> None:
    """The answer, and in the next moment what nobody asked for."""
    writer.write(OK)
    await writer.drain()
    await asyncio.sleep(0)
    writer.write(b"HTTP/1.1 408 Request Timeout\r\n\r\n")


KEPT: dict[str, tuple[Reply, dict[str, Any], int]] = {
    "an answer with a length": (OK, {}, 1),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", {}, 1),
    "no body": (b"HTTP/1.1 204 No Content\r\n\r\n", {}, 1),
    "an error": (answer("503 Busy", body=b"later"), {}, 1),
    "a body that was not wanted": (answer(body=bytes(10**6)), {"wanted": False}, 2),
    "it is to be closed": (answer("200 OK", "Connection: close", body=b"ok"), {}, 2),
    "HTTP/1.0": (OK.replace(b"1.1", b"1.0", 1), {}, 2),
    "more than was asked for": (OK + b"more", {}, 2),
    "more than was asked for, later": (late, {}, 2),
    "the server hangs up, having said nothing of it": (OK, {"keeps": False}, 2),
}


@pytest.mark.parametrize(("first", "how", "connections"), KEPT.values(), ids=KEPT)
def test_what_is_kept(serve: Serve, first: Reply, how: dict[str, Any], connections: int) -> None:
    statuses, accepted = twice(serve, first, **how)
    assert (statuses[1], accepted) == (200, connections)


def test_without_the_wish_nothing_is_kept(serve: Serve) -> None:
    async def run() -> int:
        async with serve(OK, keeps=True) as wire:
            client = Client(user_agent="t")
            for _ in range(2):
                asked = request.get(URL("http://a.example/"), {})
                await client.ask(to(wire), asked, lambda _: lambda _: True)
            return wire.accepted

    assert asyncio.run(run()) == 2


OTHERS: dict[str, Callable[[Route], Route]] = {
    "may reach less": lambda route: replace(route, allow_private=("127.0.0.1/32",)),
    "is of another name": lambda route: replace(route, host="localhost"),
    "goes through a proxy": lambda route: replace(
        route, host="a.example", proxy=Proxy(url=f"http://127.0.0.1:{route.port}")
    ),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_connection_is_not_shared_with_whoever(serve: Serve, other: Callable[[Route], Route]) -> None:
    async def run() -> int:
        async with serve(OK, keeps=True) as wire:
            client = Client(user_agent="t", lookup=lambda _: ["127.0.0.1"])
            for route in (to(wire), other(to(wire)), to(wire), other(to(wire))):
                assert await posted(client, route) == 200
            client.close()
            return wire.accepted

    assert asyncio.run(run()) == 2


def test_nor_with_who_may_not_go_there_at_all(serve: Serve) -> None:
    async def run() -> None:
        async with serve(OK, keeps=True) as wire:
            client = Client(user_agent="t")
            assert await posted(client, to(wire)) == 200
            with pytest.raises(Blocked, match=r"^127\.0\.0\.1 is a loopback address$"):
                await posted(client, replace(to(wire), allow_private=()))
            client.close()

    asyncio.run(run())


@pytest.mark.served
def test_nor_with_who_asks_for_other_proofs(serve: Serve, certificates: Path) -> None:
    """One context is one idea of a good certificate, and one certificate of our own."""

    def trusting() -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(certificates / "good.pem"))

    async def run() -> list[int]:
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(certificates / "good.pem", certificates / "good.key")
        async with serve(OK, keeps=True, tls=server) as wire:
            client = Client(user_agent="t")
            accepted = []
            one, other = trusting(), trusting()
            for context in (one, one, other, other, one):
                assert await posted(client, replace(to(wire), tls=context)) == 200
                accepted.append(wire.accepted)
            client.close()
            return accepted

    assert asyncio.run(run()) == [1, 1, 2, 2, 2]


def outcome(serve: Serve, *replies: Reply) -> tuple[int | str, int, int]:
    """What comes of a second POST, how many were sent, and over how many connections."""

    async def run() -> tuple[int | str, int, int]:
        async with serve(*replies, keeps=True) as wire:
            client = Client(user_agent="t")
            assert await posted(client, to(wire)) == 200
            try:
                result: int | str = await posted(client, to(wire))
            except FAULTS as error:
                result = type(error).__name__
            client.close()
            return result, len(wire.asked), wire.accepted

    return asyncio.run(run())


async def half(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 2")
    await writer.drain()
    writer.close()


def test_who_hangs_up_without_a_word_is_asked_once_more(serve: Serve) -> None:
    assert outcome(serve, OK, hang_up, OK) == (200, 3, 2)


def test_but_only_once(serve: Serve) -> None:
    assert outcome(serve, OK, hang_up, hang_up, OK) == ("HungUpError", 3, 2)


def test_and_not_when_an_answer_had_begun(serve: Serve) -> None:
    assert outcome(serve, OK, half, OK) == ("ConnectionResetError", 2, 1)


def test_nor_on_a_connection_of_its_own(serve: Serve) -> None:
    async def run() -> int:
        async with serve(hang_up, OK, keeps=True) as wire:
            client = Client(user_agent="t")
            with pytest.raises(HungUpError):
                await posted(client, to(wire))
            return len(wire.asked)

    assert asyncio.run(run()) == 1


def test_nothing_is_kept_for_long(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.adapters.http.client.KEPT_SECONDS_MAX", 0)
    assert twice(serve, OK) == ([200, 200], 2)


def test_nor_much(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three connections that could be kept, two are."""
    monkeypatch.setattr("monitor.adapters.http.client.KEPT_MAX", 2)

    async def run() -> int:
        async with serve(OK, keeps=True) as wire:
            client = Client(user_agent="t")
            for _ in range(2):
                await asyncio.gather(*(posted(client, to(wire)) for _ in range(3)))
            client.close()
            return wire.accepted

    assert asyncio.run(run()) == 4


def test_the_one_used_last_is_used_next(serve: Serve) -> None:
    """Or a burst would keep all of its connections open for as long as there is anything to send."""

    async def run() -> list[int]:
        ports: list[int] = []

        async def telling(writer: asyncio.StreamWriter) -> None:
            ports.append(writer.get_extra_info("peername")[1])
            writer.write(OK)

        async with serve(telling, keeps=True) as wire:
            client = Client(user_agent="t")
            await asyncio.gather(*(posted(client, to(wire)) for _ in range(3)))
            for _ in range(3):
                await posted(client, to(wire))
            client.close()
        return ports

    ports = asyncio.run(run())
    assert ports[3] == ports[4] == ports[5]


def test_a_client_that_is_closed_keeps_nothing(serve: Serve) -> None:
    async def run() -> int:
        async with serve(OK, keeps=True) as wire:
            client = Client(user_agent="t")
            assert await posted(client, to(wire)) == 200
            client.close()
            for _ in range(2):
                assert await posted(client, to(wire)) == 200
            return wire.accepted

    assert asyncio.run(run()) == 3


def test_a_body_is_sent_whole(serve: Serve) -> None:
    """Also one that no buffer on the way takes at once."""
    body = bytes(range(256)) * 20_000

    async def run() -> tuple[Head, bytes]:
        async with serve(OK, keeps=True) as wire:
            client = Client(user_agent="t")
            asked = request.post(URL("http://a.example/"), {}, body)
            return await client.ask(to(wire), asked, lambda _: None), wire.bodies[0]

    head, received = asyncio.run(run())
    assert (head.status, received == body) == (200, True)
