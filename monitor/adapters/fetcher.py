"""fetcher: a Request in, the Response after redirects out, or a FetchFailure that says why there is none.

One GET costs at most its timeout, 10 MiB and five redirects, whatever the server does. Redirects are followed here and not
by aiohttp, so that each hop asks the guard, none leads from https back to http, and the request's own headers (they may hold
a key) stay with the origin that they were written for.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from ssl import SSLContext
from time import monotonic
from typing import Self
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from monitor.adapters.dial import FAULTS, HEADER_BYTES_MAX, Dialler, Lookup, explain, header_bytes
from monitor.adapters.guard import url_refusal
from monitor.adapters.inflate import Inflater, TooLargeError, UndecodableError
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
                self._dialler.session(request.allow_private) as session,
            ):
                response = await self._follow(session, request)
        except _FetchError as failed:
            outcome, detail = failed.outcome, failed.detail
        except TimeoutError:
            outcome, detail = Outcome.TIMEOUT, f"no whole answer within {request.timeout.total_seconds():g} s"
        except FAULTS as error:
            fault = explain(error)
            outcome, detail = Outcome(fault.kind), fault.detail
        else:
            return replace(response, elapsed=timedelta(seconds=monotonic() - started))
        return FetchFailure(outcome=outcome, detail=detail, elapsed=timedelta(seconds=monotonic() - started))

    async def _follow(self, session: aiohttp.ClientSession, request: Request) -> Response:
        refused = url_refusal(request.url)
        if refused is not None:
            raise _FetchError(Outcome.BLOCKED, refused)
        url = first = URL(request.url)
        seen = {url}
        permanent = True
        while True:
            headers = _headers(request, first, url) | {"user-agent": self._user_agent}
            async with session.get(url, headers=headers, allow_redirects=False) as answer:
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
                        conditional=not _CONDITIONS.isdisjoint(headers),
                    )
                permanent = permanent and answer.status in _PERMANENT
                url = _next(url, location)
            if url in seen:
                raise _FetchError(Outcome.REDIRECT_ERROR, "the redirects go in a circle")
            if len(seen) > REDIRECTS_MAX:
                raise _FetchError(Outcome.REDIRECT_ERROR, f"more than {REDIRECTS_MAX} redirects")
            seen.add(url)


def _headers(request: Request, first: URL, url: URL) -> dict[str, str]:
    """What of the request's headers that hop may hear: all of them at the origin that they were written for and at its https
    twin, elsewhere only what says nothing about anybody.
    """
    twin = url.host == first.host and url.scheme == "https" and url.is_default_port() and first.is_default_port()
    at_home = twin or url.origin() == first.origin()
    named = ((name.lower(), value) for name, value in request.headers)
    return {name: value for name, value in named if at_home or name in _NEGOTIATION}


def _next(url: URL, location: str) -> URL:
    """Where a redirect leads. Raises _FetchError where it must not be followed."""
    try:
        text = urljoin(str(url), location.strip().replace(" ", "%20"))
    except ValueError as error:
        raise _FetchError(Outcome.REDIRECT_ERROR, "a redirect to what is no URL") from error
    refused = url_refusal(text)
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
