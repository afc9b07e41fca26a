"""log: a delivery in, one readable line of the log out. It cannot fail."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.model.alert import Alert, EventType
from monitor.model.delivery import Answer, Attempt, Delivery, Receiver
from monitor.steps.alert import escalation_of

FEED_EVENTS = frozenset(
    {EventType.FEED_FAILING, EventType.FEED_RECOVERED, EventType.FEED_GONE, EventType.FEED_ROLLED_OFF}
)

_log = logging.getLogger("newsmon.alerts")


@dataclass(frozen=True, slots=True)
class Log:
    async def tell(self, delivery: Delivery, receiver: Receiver, now: datetime) -> Answer:
        del now
        alert = delivery.alert
        fields = {"receiver": receiver.id, "alert": alert.id, "severity": alert.severity.value}
        for line in lines(alert):
            _log.info("%s", line, extra=fields)
        return Answer(outcome=Attempt.OK, detail="written to the log")


def lines(alert: Alert) -> list[str]:
    """What an alert says, one line an item."""
    data: dict[str, Any] = alert.data
    if alert.type is EventType.TEST:
        return [f"TEST: {data['message']}"]
    if alert.type in FEED_EVENTS:
        return [f"OPERATIONS {alert.severity.upper()} {alert.type}: {data['message']}"]
    if alert.type is EventType.BASELINE_SUMMARY:
        counts = ", ".join(f"{count} {topic}" for topic, count in data["matches"].items()) or "nothing that matches"
        return [f"BASELINE of {data['feeds_total']} feeds, held: {counts}"]
    words = {topic["id"]: [word["match"] for word in topic["words"]] for topic in data["topics"]}
    louder = {topic["id"]: escalated for topic in data["topics"] if (escalated := escalation_of(topic))}
    return [_line(alert, item, words, louder) for item in data["items"]]


def _line(alert: Alert, item: dict[str, Any], words: dict[str, list[str]], louder: dict[str, str]) -> str:
    topics = ", ".join(item["topics"])
    found = dict.fromkeys(word for topic in item["topics"] for word in words.get(topic, ()))
    parts = [
        f"ALERT {alert.severity.upper()} {topics}: {item['title']}",
        f"({item['publisher']}{', ' + item['age'] if item['age'] else ''})",
        *(f"{topic}: {louder[topic]}" for topic in item["topics"] if topic in louder),
        f"matched: {', '.join(found)}" if found else "",
        item["link"],
    ]
    return "  ".join(part for part in parts if part)
