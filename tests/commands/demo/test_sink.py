"""The sink takes what is signed rightly, once refused where it was told to."""

import asyncio
import json
from datetime import UTC, datetime

import aiohttp
from standardwebhooks.webhooks import Webhook

from monitor.commands.demo.sink import Arrival, Sink

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_AAAA9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def body(title: str) -> str:
    data = {"items": [{"title": title}], "topics": [{"id": "t"}], "sequence": 1}
    return json.dumps({"type": "alert.created", "timestamp": "2025-02-24T18:00:00Z", "data": data})


def signed(secret: str, webhook_id: str, text: str) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, text),
    }


def test_takes_verifies_and_refuses() -> None:
    told: list[tuple[str, int]] = []

    async def play() -> tuple[list[int], Sink]:
        sink = Sink(SECRET, "Second", lambda arrival, status: told.append((arrival.webhook_id, status)))
        await sink.start()
        first, second = body("First"), body("Second")
        posts = [
            (first, signed(SECRET, "1", first)),
            (second, signed(SECRET, "2", second)),
            (second, signed(SECRET, "2", second)),
            (second, signed(OTHER, "3", second)),
            (first, signed(SECRET, "4", second)),
            (first, {}),
            (first, signed(SECRET, "5", first) | {"webhook-signature": "v1,not-base64"}),
        ]
        statuses = []
        async with aiohttp.ClientSession() as session:
            for text, headers in posts:
                async with session.post(sink.url, data=text, headers=headers) as response:
                    statuses.append(response.status)
        await sink.stop()
        return statuses, sink

    statuses, sink = asyncio.run(play())
    assert statuses == [204, 503, 204, 401, 401, 401, 401]
    assert told == [("1", 204), ("2", 503), ("2", 204)]
    assert [arrival.webhook_id for arrival in sink.arrived] == ["1", "2"]
    assert [arrival.webhook_id for arrival in sink.refused] == ["2"]
    assert len(sink.unverified) == 4


def test_only_an_alert_has_titles() -> None:
    data = {"items": [{"title": "A"}, {"title": "B"}]}
    alert = Arrival(webhook_id="1", type="alert.created", timestamp="", data=data)
    summary = Arrival(webhook_id="2", type="baseline.summary", timestamp="", data={"items": 2})
    assert (alert.titles, summary.titles) == (("A", "B"), ())
