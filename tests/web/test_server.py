import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest

from monitor.model.settings import Listen
from monitor.ports import Health
from monitor.web.health import app
from monitor.web.server import CONNECTIONS_MAX, HEAD_BYTES_MAX, Door, ListenError, Server

SOON = timedelta(milliseconds=50)
WELL = Health(alive=True, ready=True)


async def measurements(_scope: object, _receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"up 1\n"})


def door(port: int = 0, host: str = "127.0.0.1", setting: str = "web.listen", application: object = None) -> Door:
    return Door(listen=Listen(host=host, port=port), app=application or app(health=lambda: WELL), setting=setting)


@asynccontextmanager
async def serving(*doors: Door, idle_max: timedelta = timedelta(seconds=5)) -> AsyncIterator[Server]:
    server = Server(doors, idle_max=idle_max)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def get(port: int, path: str) -> tuple[int, dict[str, str], bytes]:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}{path}", allow_redirects=False) as answer,
    ):
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, await answer.read()


async def say(port: int, sent: bytes) -> bytes:
    """Everything that comes back until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()
        await writer.wait_closed()


def test_two_doors_each_with_its_own() -> None:
    async def play() -> list[int]:
        doors = (door(), door(application=app(metrics=measurements), setting="metrics.listen"))
        async with serving(*doors) as server:
            health, metrics = server.ports
            assert health != metrics
            return [
                (await get(port, path))[0] for port in (health, metrics) for path in ("/healthz", "/readyz", "/metrics")
            ]

    assert asyncio.run(play()) == [200, 200, 404, 404, 404, 200]


def test_an_answer_names_no_server_and_has_one_of_each_header() -> None:
    async def play() -> tuple[int, dict[str, str], bytes]:
        async with serving(door()) as server:
            return await get(server.ports[0], "/readyz")

    status, headers, body = asyncio.run(play())
    assert (status, json.loads(body)) == (200, {"ready": True, "problems": []})
    assert set(headers) == {
        "cache-control",
        "content-length",
        "content-security-policy",
        "content-type",
        "date",
        "referrer-policy",
        "x-content-type-options",
    }


def test_after_stop_the_port_is_free() -> None:
    async def play() -> None:
        async with serving(door()) as server:
            (port,) = server.ports
        assert server.ports == ()
        async with serving(door(port)) as server:
            assert (await get(port, "/healthz"))[0] == 200

    asyncio.run(play())


def test_stop_lets_an_answer_end() -> None:
    begun, free = asyncio.Event(), asyncio.Event()

    async def slow(_scope: object, _receive: object, send: object) -> None:
        begun.set()
        await free.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"late"})

    async def play() -> bytes:
        server = Server([door(application=slow)])
        await server.start()
        asked = asyncio.create_task(get(server.ports[0], "/"))
        await begun.wait()
        stopping = asyncio.create_task(server.stop())
        await asyncio.sleep(0)
        free.set()
        await stopping
        return (await asked)[2]

    assert asyncio.run(play()) == b"late"


def test_signals_stay_the_daemons() -> None:
    heard = []

    async def play() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, heard.append, "SIGTERM")
        async with serving(door()) as server:
            await get(server.ports[0], "/healthz")
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.2)  # longer than uvicorn takes to notice that it should exit
            assert (await get(server.ports[0], "/healthz"))[0] == 200

    asyncio.run(play())
    assert heard == ["SIGTERM"]


def listen_error(*doors: Door) -> str:
    async def play() -> None:
        async with serving(*doors):
            pass

    with pytest.raises(ListenError) as refused:
        asyncio.run(play())
    return str(refused.value)


def test_a_port_in_use_is_told_with_the_setting_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        expected = f"127.0.0.1:{port} is in use; set metrics.listen in settings.yaml"
        assert listen_error(door(), door(port, setting="metrics.listen")) == expected


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("192.0.2.1", "192.0.2.1:8787 is not an address of this machine; set web.listen in settings.yaml"),
        ("2001:db8::1", "[2001:db8::1]:8787 is not an address of this machine; set web.listen in settings.yaml"),
        ("::1%none", "[::1%none]:8787 is no address, nor a name of one; set web.listen in settings.yaml"),
        ("x" * 64, f"{'x' * 64}:8787 is no address, nor a name of one; set web.listen in settings.yaml"),
    ],
    ids=["another machine's", "another machine's, IPv6", "no such interface", "no name"],
)
def test_an_address_that_cannot_be_opened_is_told(host: str, message: str) -> None:
    assert listen_error(door(8787, host)) == message


def test_if_one_door_cannot_be_opened_none_is() -> None:
    async def play(free: int, taken: int) -> None:
        server = Server([door(free), door(taken)])
        with pytest.raises(ListenError):
            await server.start()
        assert server.ports == ()
        with socket.create_server(("127.0.0.1", free)):
            pass
        await server.stop()

    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
        other.close()
        asyncio.run(play(free, taken.getsockname()[1]))


def test_localhost_is_every_address_of_it() -> None:
    async def play() -> int:
        async with serving(door(host="localhost")) as server:
            return (await get(server.ports[0], "/healthz"))[0]

    assert asyncio.run(play()) == 200


@pytest.mark.parametrize(
    ("sent", "begins"),
    [
        (b"GET /healthz HTTP/1.1\r\nhost: x\r\nlong: " + b"x" * HEAD_BYTES_MAX * 2, b"HTTP/1.1 400 "),
        (b"\x16\x03\x01\x02\x00\x01\x00", b""),
        (b"GET /healthz HTTP/1.1\r\nhost: x\r\n", b""),
        (b"", b""),
        (b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /h", b"HTTP/1.1 200 OK"),
    ],
    ids=["a head too large", "no HTTP", "half a head", "silence", "half a second request"],
)
def test_a_client_that_does_not_ask_is_hung_up_on(sent: bytes, begins: bytes) -> None:
    async def play() -> bytes:
        async with serving(door(), idle_max=SOON) as server:
            return await say(server.ports[0], sent)

    assert asyncio.run(play()).startswith(begins)


def test_a_slow_answer_is_no_silence_of_the_client() -> None:
    async def slow(_scope: object, _receive: object, send: object) -> None:
        await asyncio.sleep(SOON.total_seconds() * 3)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async def play() -> bytes:
        async with serving(door(application=slow), idle_max=SOON) as server:
            return await say(server.ports[0], b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 2)

    assert asyncio.run(play()).count(b"HTTP/1.1 204 ") == 2


def test_connections_are_bounded() -> None:
    async def play() -> int:
        async with serving(door()) as server:
            (port,) = server.ports
            idle: Sequence[asyncio.StreamWriter] = [
                (await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(CONNECTIONS_MAX)
            ]
            status = (await get(port, "/healthz"))[0]
            for writer in idle:
                writer.close()
                await writer.wait_closed()
            return status

    assert asyncio.run(play()) == 503
