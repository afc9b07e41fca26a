"""fetcher: a Request in, the Response after redirects out, or a FetchFailure that says why there is none.

One GET costs at most its timeout, 10 MiB and five redirects, whatever the server does. Redirects are followed here and not
by aiohttp, so that each hop asks the guard, none leads from https back to http, and the request's own headers (they may hold
a key), its client certificate and its idea of a good certificate stay with the origin that they were written for.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from ssl import SSLContext
from time import monotonic
from typing import Any, Self
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from monitor.adapters.dial import FAULTS, HEADER_BYTES_MAX, Dialler, Lookup, explain, header_bytes
from monitor.adapters.guard import url_refusal
from monitor.adapters.inflate import Inflater, TooLargeError, UndecodableError
from monitor.adapters.trust import UnusableFileError
from monitor.model.connection import Tls
from monitor.model.poll import FetchFailure, Outcome, Request, Response

BODY_BYTES_MAX = 10 * 2**20  # on the wire, and decoded
REDIRECTS_MAX = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_OK = 200
_NEGOTIATION = frozenset({"accept", "accept-encoding"})  # the same for everybody: every hop hears them
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})


class _FetchError(Exception):
    """The poll ends here, with that outcome."""

    def __init__(self, outcome: Outcome, detail: str) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail


class Fetcher:
    """Fulfils `ports.Fetch`. Holds nothing between polls; what still runs when it is left fails soon."""

    def __init__(
        self,
        *,
        user_agent: str,
        own_addresses: Collection[tuple[str, int]] = (),
        lookup: Lookup | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        """`own_addresses`: where newsmon listens; never fetched. `lookup`, `tls`: instead of the system's names and certificates."""
        self._dialler = Dialler(own=own_addresses, lookup=lookup, tls=tls)
        self._user_agent = user_agent

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._dialler.close()

    async def fetch(self, request: Request) -> Response | FetchFailure:
        """Ask, and follow redirects. Raises nothing for what a server or the network does."""
        started = monotonic()
        try:
            async with (
                asyncio.timeout(request.timeout.total_seconds()),
                self._dialler.session(request.allow_private, request.connection.proxy) as session,
            ):
                response = await self._follow(session, request)
        except _FetchError as failed:
            outcome, detail, stayed = failed.outcome, failed.detail, False
        except TimeoutError:
            outcome, stayed = Outcome.TIMEOUT, False
            detail = f"no whole answer within {request.timeout.total_seconds():g} s"
        except FAULTS as error:
            fault = explain(error)
            outcome, detail, stayed = Outcome(fault.kind), fault.detail, fault.stayed
        else:
            return replace(response, elapsed=timedelta(seconds=monotonic() - started))
        elapsed = timedelta(seconds=monotonic() - started)
        return FetchFailure(outcome=outcome, detail=detail, stayed=stayed, elapsed=elapsed)

    async def _follow(self, session: aiohttp.ClientSession, request: Request) -> Response:
        refused = url_refusal(request.url, request.connection.ports)
        if refused is not None:
            raise _FetchError(Outcome.BLOCKED, refused)
        url = first = URL(request.url)
        seen = {url}
        permanent = True
        while True:
            hop = self._hop(request, first, url)
            async with session.get(url, allow_redirects=False, **hop.options) as answer:
                if header_bytes(answer) > HEADER_BYTES_MAX:
                    raise _FetchError(Outcome.NETWORK_ERROR, f"a header of more than {HEADER_BYTES_MAX // 2**10} KiB")
                location = answer.headers.get("location")
                if answer.status not in _REDIRECTS or not location:
                    return Response(
                        status=answer.status,
                        reason=answer.reason or "",
                        headers=tuple((name.lower(), value) for name, value in answer.headers.items()),
                        body=await _body(answer) if answer.status == _OK else b"",
                        url=str(url),
                        permanent_url=str(url) if permanent and url != first else None,
                        conditional=hop.conditional,
                    )
                permanent = permanent and answer.status in _PERMANENT
                url = _next(url, location, request.connection.ports)
            if url in seen:
                raise _FetchError(Outcome.REDIRECT_ERROR, "the redirects go in a circle")
            if len(seen) > REDIRECTS_MAX:
                raise _FetchError(Outcome.REDIRECT_ERROR, f"more than {REDIRECTS_MAX} redirects")
            seen.add(url)

    def _hop(self, request: Request, first: URL, url: URL) -> "_Hop":
        """How that URL is asked: with what was written for it, and through the proxy if there is one."""
        at_home = _same(URL(request.home) if request.home else first, url)
        headers = {"user-agent": self._user_agent} | _headers(request, first, url, at_home=at_home)
        options: dict[str, Any] = {"headers": headers}
        try:
            options["ssl"] = self._dialler.trust(request.connection.tls if at_home else Tls())
        except UnusableFileError as error:
            raise _FetchError(Outcome.TLS_ERROR, error.why) from error
        proxy = request.connection.proxy
        if proxy is not None:
            self._dialler.vet(url, request.allow_private)
            to_proxy = {"proxy-authorization": proxy.authorization.reveal()} if proxy.authorization else {}
            options["proxy"] = proxy.url
            # Plain HTTP is one request to the proxy; for https the first one (CONNECT) is, and what follows is the server's.
            if url.scheme == "https":
                options["proxy_headers"] = {"user-agent": self._user_agent} | to_proxy
            else:
                headers.update(to_proxy)
        return _Hop(options=options, conditional=not _CONDITIONS.isdisjoint(headers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hop:
    """The arguments of one GET, and whether it names an earlier version."""

    options: dict[str, Any]
    conditional: bool


def _headers(request: Request, first: URL, url: URL, *, at_home: bool) -> dict[str, str]:
    """What of the request's headers that hop may hear: each at the origin that it was written for, elsewhere only what says
    nothing about anybody.
    """
    near = _same(first, url)
    headers = {name.lower(): value for name, value in request.headers if near or name.lower() in _NEGOTIATION}
    return headers | ({name.lower(): value for name, value in request.credentials} if at_home else {})


def _same(home: URL, url: URL) -> bool:
    """Whether that is the origin of `home`, or its https twin."""
    twin = url.host == home.host and url.scheme == "https" and url.is_default_port() and home.is_default_port()
    return twin or url.origin() == home.origin()


def _next(url: URL, location: str, ports: Collection[int]) -> URL:
    """Where a redirect leads. Raises _FetchError where it must not be followed."""
    try:
        text = urljoin(str(url), location.strip().replace(" ", "%20"))
    except ValueError as error:
        raise _FetchError(Outcome.REDIRECT_ERROR, "a redirect to what is no URL") from error
    refused = url_refusal(text, ports)
    if refused is not None:
        raise _FetchError(Outcome.REDIRECT_ERROR, f"a redirect was not followed: {refused}")
    target = URL(text).with_fragment(None)
    if url.scheme == "https" and target.scheme == "http":
        raise _FetchError(Outcome.REDIRECT_ERROR, "a redirect was not followed: from https back to http")
    return target


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    """The decoded body. Raises _FetchError where it is too large or not coded as it says."""
    announced = answer.content_length
    if announced is not None and announced > BODY_BYTES_MAX:
        raise _FetchError(
            Outcome.TOO_LARGE, f"announces {announced / 2**20:,.1f} MiB, the limit is {BODY_BYTES_MAX // 2**20} MiB"
        )
    try:
        inflater = Inflater(answer.headers.getall("content-encoding", ()), BODY_BYTES_MAX)
        parts = [inflater.feed(chunk) async for chunk in answer.content.iter_any()]
        inflater.finish()
    except TooLargeError as error:
        raise _FetchError(Outcome.TOO_LARGE, f"larger than {BODY_BYTES_MAX // 2**20} MiB") from error
    except UndecodableError as error:
        raise _FetchError(Outcome.DECODE_ERROR, str(error)) from error
    return b"".join(parts)
