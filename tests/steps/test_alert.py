"""alert: what is decided about a match, and how an alert tells it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model.alert import AlertTopic, Decision
from monitor.model.feed import Feed
from monitor.model.ids import FeedId, ItemId, ReceiverId, TopicId
from monitor.model.item import Identity, Item, Seen, StoredItem
from monitor.model.severity import Severity
from monitor.model.topic import Match, Span, Topic
from monitor.steps import alert as alerts

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
FEED = Feed(id=FeedId("bbc"), url="https://bbc.example/rss", publisher="BBC")
MOMENT = alerts.Moment(now=NOW, baseline=False, last_good_poll=NOW, late_after=timedelta(hours=24))
ARMS = Topic(id=TopicId("arms"), title="Arms", severity=Severity.LOW, query="missile", version="1")
PLAIN = Match(topic_id=ARMS.id, topic_version="1", spans=(), clause="missile", severity=Severity.LOW)
LOUD = replace(PLAIN, severity=Severity.CRITICAL, escalation="nuclear NEAR/3 missile")


def stored(number: int = 1, title: str = "A nuclear missile") -> StoredItem:
    item = Item(guid=f"{number}", link=f"https://bbc.example/{number}", title=title)
    return StoredItem(id=ItemId(f"item-{number}"), feed_id=FEED.id, publisher="BBC", item=item, first_seen=NOW)


@pytest.mark.parametrize(
    ("match", "routed", "decision"),
    [
        (PLAIN, Severity.LOW, Decision.FIRST_MATCH),
        (PLAIN, Severity.CRITICAL, Decision.NO_ROUTE),
        (LOUD, Severity.CRITICAL, Decision.FIRST_MATCH),
        (LOUD, Severity.LOW, Decision.NO_ROUTE),
    ],
)
def test_routes_are_asked_for_the_severity_of_the_match(match: Match, routed: Severity, decision: Decision) -> None:
    identity = Identity(item_id=ItemId("1"), why=Seen.NEW, is_new=True, text_is_new=True)
    asked = alerts.decide(Item(title="x"), identity, match, FEED, MOMENT, lambda _, severity: severity is routed)
    assert asked is decision


def test_a_topic_says_what_escalated_it() -> None:
    told = alerts.alert_of([(stored(), [alerts.alert_topic(ARMS, LOUD, Decision.FIRST_MATCH)])], NOW, "test")
    assert told.severity is Severity.CRITICAL
    assert told.data["topics"] == [
        {
            "id": "arms",
            "title": "Arms",
            "severity": "critical",
            "escalated": {"from": "low", "because": "nuclear NEAR/3 missile"},
            "decision": "first_match",
            "version": "1",
            "clause": "missile",
            "words": [],
        }
    ]


def test_of_several_items_a_topic_tells_the_loudest() -> None:
    span = Span(field="title", start=2, end=9, text="nuclear")
    plain = alerts.alert_topic(ARMS, PLAIN, Decision.LATE)
    loud = alerts.alert_topic(ARMS, replace(LOUD, spans=(span,)), Decision.LATE)
    told = alerts.alert_of([(stored(1, "A missile"), [plain]), (stored(2), [loud])], NOW, "test")
    (topic,) = told.data["topics"]  # type: ignore[misc]
    assert (told.severity, topic["severity"], topic["words"][0]["match"]) == ("critical", "critical", "nuclear")


@pytest.mark.parametrize(
    ("configured", "clause", "words"),
    [
        ("high", "nuclear OR @bomb", "critical, escalated from high because nuclear OR @bomb"),
        ("high", "", "critical, escalated from high"),
        ("low", "a " * 100, f"critical, escalated from low because {'a ' * 78}a…"),
    ],
)
def test_in_words(configured: str, clause: str, words: str) -> None:
    assert alerts.in_words("critical", configured, clause) == words


def _largest(items: int, topics: int) -> list[tuple[StoredItem, list[AlertTopic]]]:
    """Everything as long as it may be, in characters of four bytes, or that JSON has to escape."""
    wide = "\U0001f4a3"
    long = [
        AlertTopic(
            id=TopicId(f"{'t' * 61}{number:03}"),
            title=wide * 300,
            severity=Severity.CRITICAL,
            configured=Severity.MEDIUM,
            escalation=wide * 20_000,
            version="0123456789ab",
            clause='"' * 20_000,
            spans=tuple(Span(field="summary", start=n * 99, end=n * 99 + 90, text="") for n in range(20)),
            decision=Decision.MATCHED_IN_OTHER_FEED,
        )
        for number in range(topics)
    ]
    item = Item(
        title=wide * 900,
        link="https://news.example/" + "x" * 2_062,
        summary=wide * 2_100,
        lang="x" * 200,
        published=NOW - timedelta(days=900),
    )
    return [
        (
            StoredItem(
                id=ItemId(f"{number:032}"), feed_id=FeedId("f" * 64), publisher=wide * 300, item=item, first_seen=NOW
            ),
            long,
        )
        for number in range(items)
    ]


@pytest.mark.parametrize("topics", [1, 2, 5, 20, 21, 200])
@pytest.mark.parametrize("items", [1, 2, 10])
def test_no_alert_is_larger_than_a_webhook_may_be(items: int, topics: int) -> None:
    told = alerts.alert_of(_largest(items, topics), NOW, "i" * 300)
    assert alerts.size_of(told.data) <= alerts.DATA_BYTES_MAX
    assert (told.data["topics_total"], len(told.topics), len(told.items)) == (topics, topics, items)
    assert {topic["escalated"]["from"] for topic in told.data["topics"]} == {"medium"}  # type: ignore[attr-defined]


def test_a_summary_tells_the_severity_that_a_match_would_have_had() -> None:
    held = [
        alerts.Held(title="A", link="", publisher="BBC", topics=((ARMS.id, Severity.LOW),)),
        alerts.Held(title="B", link="", publisher="BBC", topics=((ARMS.id, Severity.CRITICAL),)),
    ]
    told = alerts.baseline_summary(ReceiverId("desk"), [(FEED.id, "BBC")], held, NOW, "test")
    assert (told.data["highest_severity"], told.data["matches"]) == ("critical", {"arms": 2})
