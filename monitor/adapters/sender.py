"""sender: a Post in, the receiver's Answer out, or an Answer that says why there was none. Never a second request: a redirect
is a failure, for a signed body belongs to the address that it was configured for.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ssl import SSLContext
from time import monotonic
from typing import Self
from urllib.parse import urlsplit

import aiohttp

from monitor.adapters.dial import FAULTS, Dialler, Lookup, explain
from monitor.adapters.guard import url_refusal
from monitor.model.delivery import Answer, Attempt, Post
from monitor.text.http import retry_after, status_words

ANSWER_BYTES_MAX = 4 * 2**10
ANSWER_SECONDS_MAX = 2.0  # for the body: the status has decided already
SECRET_CHARS_MIN = 6  # what is shorter is no secret, and to hide it would hide half the text

_OWN_HEADERS = frozenset({"content-type", "user-agent", "webhook-id", "webhook-timestamp"})  # hold no secret


class Sender:
    """Holds nothing between attempts; what still runs when it is left fails soon."""

    def __init__(
        self,
        *,
        user_agent: str,
        own_addresses: Collection[tuple[str, int]] = (),
        lookup: Lookup | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        """`own_addresses`: where newsmon listens; never posted to. `lookup`, `tls`: instead of the system's names and certificates."""
        self._dialler = Dialler(own=own_addresses, lookup=lookup, tls=tls)
        self._headers = {"accept-encoding": "identity", "user-agent": user_agent}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._dialler.close()

    async def send(self, post: Post) -> Answer:
        """One attempt. Raises nothing for what a receiver or the network does."""
        started = monotonic()
        answer = await self._send(post)
        return replace(answer, elapsed=timedelta(seconds=monotonic() - started))

    async def _send(self, post: Post) -> Answer:
        refused = url_refusal(post.url, post.allow_ports)
        if refused is not None:
            return Answer(outcome=Attempt.BLOCKED, detail=refused)
        judged: Answer | None = None
        limit = post.timeout.total_seconds()
        try:
            async with asyncio.timeout(limit), self._dialler.session(post.allow_private) as session:
                headers = self._headers | dict(post.headers)
                async with session.post(post.url, data=post.body, headers=headers, allow_redirects=False) as response:
                    judged = _judged(response)
                    judged = replace(judged, body=_shown(await _read(response), post))
        except TimeoutError:
            return judged or Answer(outcome=Attempt.TIMEOUT, detail=f"no answer within {limit:g} s")
        except FAULTS as error:
            if judged is not None:
                return judged
            fault = explain(error)
            return Answer(outcome=Attempt(fault.kind), detail=fault.detail)
        return judged


def _judged(response: aiohttp.ClientResponse) -> Answer:
    """What the header says is final: a 2xx is a delivery, however the body goes on."""
    return Answer(
        outcome=outcome_of(response.status),
        detail=status_words(response.status),
        status=response.status,
        retry_after=retry_after(response.headers.get("retry-after"), datetime.now(UTC)),
    )


def outcome_of(status: int) -> Attempt:
    """The word for a status code."""
    named = {410: Attempt.GONE, 429: Attempt.RATE_LIMITED}
    classes = {2: Attempt.OK, 3: Attempt.HTTP_3XX, 4: Attempt.HTTP_4XX}
    return named.get(status) or classes.get(status // 100, Attempt.HTTP_5XX)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the body: what comes quickly enough, and is not coded."""
    parts: list[bytes] = []
    room = ANSWER_BYTES_MAX if "content-encoding" not in response.headers else 0
    with suppress(TimeoutError, *FAULTS):
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            while room > 0 and (part := await response.content.read(room)):
                parts.append(part)
                room -= len(part)
    return b"".join(parts)


def _shown(body: bytes, post: Post) -> str:
    """The body as one line of text, without what must not be shown again: some receivers answer with what they were sent."""
    text = body.decode("utf-8", "replace")
    hidden = [post.url, urlsplit(post.url).path]  # some receivers are guarded by nothing else
    hidden += [value for name, value in post.headers if name.lower() not in _OWN_HEADERS]
    for secret in hidden:
        if len(secret) >= SECRET_CHARS_MIN:
            text = text.replace(secret, "***")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
