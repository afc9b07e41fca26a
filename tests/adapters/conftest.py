"""A server on loopback that says what a test wants said, and certificates for it."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which

import pytest

Reply = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Wire:
    """Replies in turn (the last one again and again) and keeps the heads and bodies of what was asked."""

    replies: list[Reply]
    at_once: bool = False  # does not wait for a request
    port: int = 0
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    accepted: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def headers(self, request: int) -> dict[str, str]:
        lines = self.asked[request].split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            if not self.at_once:
                self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
                self.bodies.append(await reader.readexactly(int(self.headers(-1).get("content-length", "0"))))
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            if callable(reply):
                await reply(writer)
            else:
                writer.write(reply.replace(b"{port}", str(self.port).encode()))
            await writer.drain()
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client hung up, as it may
        finally:
            writer.transport.abort()


Serve = Callable[..., AbstractAsyncContextManager[Wire]]


@pytest.fixture
def serve() -> Serve:
    @asynccontextmanager
    async def start(*replies: Reply, tls: ssl.SSLContext | None = None, at_once: bool = False) -> AsyncIterator[Wire]:
        wire = Wire(replies=list(replies), at_once=at_once)
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(wire.answer(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
        wire.port = server.sockets[0].getsockname()[1]
        try:
            yield wire
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)  # closed connections are told so in the next round of the loop

    return start


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `good` (127.0.0.1), `expired` and `other` (another host's): each a .pem and a .key, signed by itself."""
    if which("openssl") is None:
        pytest.skip("openssl is missing: TLS is not tested here")
    folder = tmp_path_factory.mktemp("certificates")
    for name, san, days in (
        ("good", "IP:127.0.0.1", "2"),
        ("other", "DNS:other.example", "2"),
        ("expired", "IP:127.0.0.1", "-1"),
    ):
        key, wanted = folder / f"{name}.key", folder / f"{name}.csr"
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName={san}"]
        signed = ["-signkey", key, "-days", days, "-copy_extensions", "copyall", "-out", folder / f"{name}.pem"]
        _openssl("req", "-new", *curve, *subject, "-keyout", key, "-out", wanted)
        _openssl("x509", "-req", "-in", wanted, *signed)
    return folder


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
