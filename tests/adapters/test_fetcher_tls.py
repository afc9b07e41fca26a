"""fetcher: an https server proves who it is, or is not read."""

import asyncio
import ssl
from pathlib import Path

import pytest
from wire import FEED, LOOPBACK, Serve, answer, to, words

from monitor.adapters.fetcher import Fetcher
from monitor.model.poll import FetchFailure, Request, Response


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
    "N3-signed by itself": ("good", "other", "tls_error", "the certificate is not valid: self-signed certificate"),
    "N3-expired": ("expired", "expired", "tls_error", "the certificate is not valid: certificate has expired"),
    "N3-another host's": (
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
    "N3-an old protocol": (b"\x15\x03\x01\x00\x02\x02\x46", "no secure connection: tlsv1 alert protocol version"),
    "N3-plain HTTP": (answer(body=FEED), "no secure connection: wrong version number"),
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
