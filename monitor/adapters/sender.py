"""sender: a Post in, the receiver's Answer out, or an Answer that says why there was none. Never a second address: a redirect is a
failure, for a signed body belongs to the one that it was configured for.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ssl import SSLContext
from time import monotonic
from typing import Self
from urllib.parse import urlsplit

from monitor.adapters.guard import web_url
from monitor.adapters.http import request as requests
from monitor.adapters.http.answer import Head, Sink
from monitor.adapters.http.client import Client
from monitor.adapters.http.dial import Route
from monitor.adapters.http.fault import FAULTS, Fault, Kind, explain
from monitor.adapters.http.names import Lookup
from monitor.adapters.trust import Trust
from monitor.model.connection import Tls
from monitor.model.delivery import Answer, Attempt, Post
from monitor.text.http import retry_after, status_words

ANSWER_BYTES_MAX = 4 * 2**10
ANSWER_SECONDS_MAX = 2.0  # for the body: the status has decided already
SECRET_CHARS_MIN = 6  # what is shorter is no secret, and to hide it would hide half the text

_OWN_HEADERS = frozenset({"content-type", "user-agent", "webhook-id", "webhook-timestamp"})  # hold no secret


class Sender:
    """Keeps a connection to a receiver for a few seconds; what still runs when it is left fails soon."""

    def __init__(
        self,
        *,
        user_agent: str,
        own_addresses: Collection[tuple[str, int]] = (),
        lookup: Lookup | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        """`own_addresses`: where newsmon listens; never posted to. `lookup`, `tls`: instead of the system's names and certificates."""
        self._client = Client(user_agent=user_agent, own=own_addresses, lookup=lookup)
        self._trust = Trust(tls)
        self._headers = {"accept": "*/*", "accept-encoding": "identity", "user-agent": user_agent}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.close()

    async def send(self, post: Post) -> Answer:
        """One attempt. Raises nothing for what a receiver or the network does."""
        started = monotonic()
        answer = await self._send(post)
        return replace(answer, elapsed=timedelta(seconds=monotonic() - started))

    async def _send(self, post: Post) -> Answer:
        limit = post.timeout.total_seconds()
        fault = Fault(kind=Kind.TIMEOUT, detail=f"no answer within {limit:g} s")
        heard = _Heard()
        try:
            async with asyncio.timeout(limit) as deadline:
                url = web_url(post.url, post.allow_ports)
                route = Route(
                    host=url.raw_host or "",
                    port=url.port or 0,
                    tls=self._trust.context(Tls()) if url.scheme == "https" else None,
                    allow_private=post.allow_private,
                )
                asked = requests.post(url, self._headers | dict(post.headers), post.body)
                await self._client.ask(route, asked, lambda head: heard.take(head, deadline), keep=True)
        except FAULTS as error:
            if not deadline.expired():
                fault = explain(error)
        if heard.answer is None:
            return Answer(outcome=Attempt(fault.kind), detail=fault.detail)
        return replace(heard.answer, body=_shown(heard.body, post))


class _Heard:
    """What a receiver answers. What its header says is final: a 2xx is a delivery, however the body goes on."""

    def __init__(self) -> None:
        self.answer: Answer | None = None
        self.body = b""

    def take(self, head: Head, deadline: asyncio.Timeout) -> Sink | None:
        """For the beginning of the body, if it is not coded, there is a little time yet."""
        self.answer = Answer(
            outcome=outcome_of(head.status),
            detail=status_words(head.status),
            status=head.status,
            retry_after=retry_after(head.header("retry-after"), datetime.now(UTC)),
        )
        soon = asyncio.get_running_loop().time() + ANSWER_SECONDS_MAX
        if not deadline.expired() and soon < (deadline.when() or soon):
            deadline.reschedule(soon)
        return self._more if head.header("content-encoding") is None else None

    def _more(self, piece: bytes) -> bool:
        self.body += piece[: ANSWER_BYTES_MAX - len(self.body)]
        return len(self.body) < ANSWER_BYTES_MAX


def outcome_of(status: int) -> Attempt:
    """The word for a status code."""
    named = {410: Attempt.GONE, 429: Attempt.RATE_LIMITED}
    classes = {2: Attempt.OK, 3: Attempt.HTTP_3XX, 4: Attempt.HTTP_4XX}
    return named.get(status) or classes.get(status // 100, Attempt.HTTP_5XX)


def _shown(body: bytes, post: Post) -> str:
    """The body as one line of text, without what must not be shown again: some receivers answer with what they were sent."""
    text = body.decode("utf-8", "replace")
    hidden = [post.url, urlsplit(post.url).path]  # some receivers are guarded by nothing else
    hidden += [value for name, value in post.headers if name.lower() not in _OWN_HEADERS]
    for secret in hidden:
        if len(secret) >= SECRET_CHARS_MIN:
            text = text.replace(secret, "***")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
