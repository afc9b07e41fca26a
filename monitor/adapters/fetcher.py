"""fetcher: a Request in, the Response after redirects out, or a FetchFailure that says why there is none.

One GET costs at most its timeout, 10 MiB and five redirects, whatever the server does. Every hop opens a connection of its own, which
asks the guard; none leads from https back to http; and the request's own headers (they may hold a key), its client certificate and
its idea of a good certificate stay with the origin that they were written for.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from ssl import SSLContext
from time import monotonic
from typing import Self
from urllib.parse import urljoin

from yarl import URL

from monitor.adapters.guard import Blocked, web_url
from monitor.adapters.http import request as requests
from monitor.adapters.http.answer import Head, Sink
from monitor.adapters.http.client import Client
from monitor.adapters.http.dial import Route
from monitor.adapters.http.fault import FAULTS, explain
from monitor.adapters.http.names import Lookup
from monitor.adapters.inflate import Inflater, TooLargeError, UndecodableError
from monitor.adapters.trust import Trust, UnusableFileError
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
        self._client = Client(user_agent=user_agent, own=own_addresses, lookup=lookup)
        self._trust = Trust(tls)
        self._user_agent = user_agent

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.close()

    async def fetch(self, request: Request) -> Response | FetchFailure:
        """Ask, and follow redirects. Raises nothing for what a server or the network does."""
        started = monotonic()
        try:
            async with asyncio.timeout(request.timeout.total_seconds()) as deadline:
                return await self._follow(request, started)
        except _FetchError as failed:
            outcome, detail, stayed = failed.outcome, failed.detail, False
        except TooLargeError:
            outcome, detail, stayed = Outcome.TOO_LARGE, f"larger than {BODY_BYTES_MAX // 2**20} MiB", False
        except UndecodableError as error:
            outcome, detail, stayed = Outcome.DECODE_ERROR, str(error), False
        except FAULTS as error:
            fault = explain(error)
            outcome, detail, stayed = Outcome(fault.kind), fault.detail, fault.stayed
            if deadline.expired():
                outcome, stayed = Outcome.TIMEOUT, False
                detail = f"no whole answer within {request.timeout.total_seconds():g} s"
        elapsed = timedelta(seconds=monotonic() - started)
        return FetchFailure(outcome=outcome, detail=detail, stayed=stayed, elapsed=elapsed)

    async def _follow(self, request: Request, started: float) -> Response:
        url = first = web_url(request.url, request.connection.ports)
        seen = {url}
        permanent = True
        while True:
            hop = self._hop(request, first, url)
            body = _Body()
            head = await self._client.ask(hop.route, hop.asked, body.take)
            location = head.header("location") if head.status in _REDIRECTS else None
            if not location:
                return Response(
                    status=head.status,
                    reason=head.reason,
                    headers=head.headers,
                    body=body.whole(),
                    url=str(url),
                    permanent_url=str(url) if permanent and url != first else None,
                    conditional=hop.conditional,
                    elapsed=timedelta(seconds=monotonic() - started),
                )
            permanent = permanent and head.status in _PERMANENT
            url = _next(url, location, request.connection.ports)
            if url in seen:
                raise _FetchError(Outcome.REDIRECT_ERROR, "the redirects go in a circle")
            if len(seen) > REDIRECTS_MAX:
                raise _FetchError(Outcome.REDIRECT_ERROR, f"more than {REDIRECTS_MAX} redirects")
            seen.add(url)

    def _hop(self, request: Request, first: URL, url: URL) -> "_Hop":
        """How that URL is asked: with what was written for it, and through the proxy if there is one."""
        home = first if request.home in {"", request.url} else URL(request.home)
        at_home = _same(home, url)
        headers = {"user-agent": self._user_agent} | _headers(request, first, url, at_home=at_home)
        tls = None
        proxy = request.connection.proxy
        if url.scheme == "https":
            try:
                tls = self._trust.context(request.connection.tls if at_home else Tls())
            except UnusableFileError as error:
                raise _FetchError(Outcome.TLS_ERROR, error.why) from error
        elif proxy is not None and proxy.authorization is not None:  # plain HTTP is one request, which the proxy reads
            headers["proxy-authorization"] = proxy.authorization.reveal()
        return _Hop(
            route=Route(
                host=url.raw_host or "",
                port=url.port or 0,
                tls=tls,
                allow_private=request.allow_private,
                proxy=proxy,
            ),
            asked=requests.get(url, headers, whole_url=proxy is not None and tls is None),
            conditional=not _CONDITIONS.isdisjoint(headers),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hop:
    """One GET, and whether it names an earlier version."""

    route: Route
    asked: bytes
    conditional: bool


class _Body:
    """The body of a 200, decoded as it comes. That of any other answer is not wanted."""

    def __init__(self) -> None:
        self._inflater: Inflater | None = None
        self._parts: list[bytes] = []

    def take(self, head: Head) -> Sink | None:
        """Raises _FetchError for a body that announces itself as too large, UndecodableError for one that cannot be read."""
        if head.status != _OK:
            return None
        announced = int(head.header("content-length") or 0)
        if announced > BODY_BYTES_MAX:
            size, limit = f"{announced / 2**20:,.1f} MiB", f"{BODY_BYTES_MAX // 2**20} MiB"
            raise _FetchError(Outcome.TOO_LARGE, f"announces {size}, the limit is {limit}")
        inflater = self._inflater = Inflater(head.every("content-encoding"), BODY_BYTES_MAX)

        def more(piece: bytes) -> bool:
            self._parts.append(inflater.feed(piece))
            return True

        return more

    def whole(self) -> bytes:
        """Raises UndecodableError if its coding ends too early."""
        if self._inflater is not None:
            self._inflater.finish()
        return b"".join(self._parts)


def _headers(request: Request, first: URL, url: URL, *, at_home: bool) -> dict[str, str]:
    """What of the request's headers that hop may hear: each at the origin that it was written for, elsewhere only what says
    nothing about anybody.
    """
    near = _same(first, url)
    headers = {name.lower(): value for name, value in request.headers if near or name.lower() in _NEGOTIATION}
    return headers | ({name.lower(): value for name, value in request.credentials} if at_home else {})


def _same(home: URL, url: URL) -> bool:
    """Whether that is the origin of `home`, or its https twin."""
    if url is home or url.origin() == home.origin():
        return True
    return url.raw_host == home.raw_host and url.scheme == "https" and url.is_default_port() and home.is_default_port()


def _next(url: URL, location: str, ports: tuple[int, ...]) -> URL:
    """Where a redirect leads. Raises _FetchError where it must not be followed."""
    try:
        target = web_url(urljoin(str(url), location.strip().replace(" ", "%20")), ports).with_fragment(None)
    except Blocked as refused:
        raise _FetchError(Outcome.REDIRECT_ERROR, f"a redirect was not followed: {refused}") from refused
    except ValueError as error:
        raise _FetchError(Outcome.REDIRECT_ERROR, "a redirect to what is no URL") from error
    if url.scheme == "https" and target.scheme == "http":
        raise _FetchError(Outcome.REDIRECT_ERROR, "a redirect was not followed: from https back to http")
    return target
