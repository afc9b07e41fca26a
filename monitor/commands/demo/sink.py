"""sink: the receiver of the demo: checks every signature with the independent `standardwebhooks` package, and keeps what arrives."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from monitor.commands.demo.feed_server import LOOPBACK

BODY_BYTES_MAX = 64 * 2**10
TAKEN, REFUSED = 204, 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One POST whose signature is right."""

    webhook_id: str
    type: str
    timestamp: str
    data: dict[str, Any]

    @property
    def titles(self) -> tuple[str, ...]:
        return tuple(item["title"] for item in self.data.get("items", ())) if self.type == "alert.created" else ()


class Sink:
    """Answers 204, but 503 to the first POST that tells of `refuse_once`. `answered` is called with every arrival and the answer's status."""

    def __init__(self, secret: str, refuse_once: str, answered: Callable[[Arrival, int], None]) -> None:
        self._webhook = Webhook(secret)
        self._refuse_once = refuse_once
        self._answered = answered
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.arrived: list[Arrival] = []  # taken, in order
        self.refused: list[Arrival] = []
        self.unverified: list[str] = []  # why each was turned away

    async def start(self) -> None:
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.router.add_post("/alerts", self._answer)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/alerts"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            self._webhook.verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError) as error:  # ValueError: a header that is not even base64
            self.unverified.append(str(error))
            return web.Response(status=401)
        payload = json.loads(body)
        arrival = Arrival(
            webhook_id=request.headers["webhook-id"],
            type=payload["type"],
            timestamp=payload["timestamp"],
            data=payload["data"],
        )
        if not self.refused and self._refuse_once in arrival.titles:
            self.refused.append(arrival)
            status = REFUSED
        else:
            self.arrived.append(arrival)
            status = TAKEN
        self._answered(arrival, status)
        return web.Response(status=status)
