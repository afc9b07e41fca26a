"""sink: takes signed webhooks, checks each signature with the independent `standardwebhooks` package, and notes when each item arrived.

python -m benchmarks.load.sink SECRET      says its port on the first line; `GET /-/report` tells what came
"""

import asyncio
import json
import sys
import time

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from benchmarks.http import Reply, Request, serve


class Sink:
    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)
        self._arrived: list[tuple[float, str, str]] = []
        self._refused = 0

    def answer(self, request: Request) -> Reply:
        if request.path == "/-/report":
            return Reply(status=200, body=json.dumps({"arrived": self._arrived, "refused": self._refused}).encode())
        now = time.time()
        try:
            self._webhook.verify(request.body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            self._refused += 1
            return Reply(status=401)
        payload = json.loads(request.body)
        if payload["type"] == "alert.created":
            self._arrived += [(now, item["first_seen"], item["link"]) for item in payload["data"]["items"]]
        return Reply(status=204)


async def main() -> None:
    print(await serve(Sink(sys.argv[1]).answer), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it goes


if __name__ == "__main__":
    asyncio.run(main())
