"""The lines of the log that tell alerts."""

from dataclasses import replace
from datetime import UTC, datetime

from monitor.adapters.receivers.log import lines
from monitor.model.alert import Alert, EventType
from monitor.model.ids import AlertId, ItemId, TopicId
from monitor.model.severity import Severity

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)


def alert(*topics: dict[str, object]) -> Alert:
    item = {
        "title": "A nuclear missile",
        "publisher": "BBC",
        "age": "3 minutes old",
        "link": "https://bbc.example/1",
        "topics": [topic["id"] for topic in topics],
    }
    return Alert(
        id=AlertId("a"),
        type=EventType.ALERT_CREATED,
        severity=Severity.CRITICAL,
        created_at=NOW,
        items=(ItemId("1"),),
        topics=(TopicId("arms"),),
        data={"topics": list(topics), "items": [item]},
    )


LOUD: dict[str, object] = {
    "id": "arms",
    "severity": "critical",
    "escalated": {"from": "high", "because": "nuclear"},
    "words": [{"match": "missile"}],
}
PLAIN: dict[str, object] = {"id": "talks", "severity": "high", "words": [{"match": "talks"}, {"match": "missile"}]}


def test_an_alert_is_a_line_with_its_reasons() -> None:
    assert lines(alert(PLAIN, LOUD)) == [
        (
            "ALERT CRITICAL talks, arms: A nuclear missile  (BBC, 3 minutes old)  "
            "arms: critical, escalated from high because nuclear  matched: talks, missile  https://bbc.example/1"
        )
    ]
    assert lines(alert(PLAIN)) == [
        "ALERT CRITICAL talks: A nuclear missile  (BBC, 3 minutes old)  matched: talks, missile  https://bbc.example/1"
    ]


def test_what_an_operator_is_told_is_a_line() -> None:
    message = "feed bbc (BBC) is failing: 404 Not Found (3 polls in a row failed, its last success was 1 hour ago)"
    told = replace(alert(), type=EventType.FEED_FAILING, severity=Severity.MEDIUM, data={"message": message})
    assert lines(told) == [f"OPERATIONS MEDIUM feed.failing: {message}"]
