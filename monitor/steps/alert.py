"""alert: the new matches of an item in, what is decided about each and the Alert to tell out.

The payload's `data` is made here, once: every receiver gets the same facts, and every attempt the same bytes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeAlias

from monitor.model.alert import Alert, AlertTopic, Decision, EventType
from monitor.model.feed import Feed, FirstPoll
from monitor.model.ids import AlertId, FeedId, ReceiverId, TopicId
from monitor.model.item import Identity, Item, Seen, StoredItem
from monitor.model.severity import Severity
from monitor.model.topic import Match, Topic
from monitor.text.times import in_words as span_in_words
from monitor.text.times import iso

LATE_BATCH_ITEMS_MAX = 10  # late items told in one alert
SUMMARY_TITLES_MAX = 20
TOPICS_MAX = 20  # of one alert in its payload; `topics_total` tells how many there are
CONTEXT_CHARS = 60  # on either side of a matched word
PUBLISHER_CHARS_MAX = 80
BECAUSE_CHARS_MAX = 160  # of a clause within a sentence
LANG_CHARS_MAX = 35
DATA_BYTES_MAX = 18_000  # of `data`, so that a body stays under the 20 kB of Standard Webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """How much of an item's and a topic's text a payload holds."""

    words: int  # matched words in context, for each topic
    title: int
    summary: int
    link: int
    clause: int
    topics: int = TOPICS_MAX


# From the usual one to what always fits: each is tried until the payload is small enough.
_SIZES = (
    _Size(words=8, title=300, summary=600, link=2_083, clause=300),
    _Size(words=3, title=200, summary=200, link=1_000, clause=120),
    _Size(words=1, title=120, summary=0, link=500, clause=0),
    _Size(words=0, title=60, summary=0, link=250, clause=0),
    _Size(words=0, title=60, summary=0, link=250, clause=0, topics=3),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When, and in which circumstances, a document is judged."""

    now: datetime
    baseline: bool  # this is the feed's first poll that yields entries
    last_good_poll: datetime | None  # lateness is counted from there after a downtime
    late_after: timedelta


def decide(
    item: Item,
    identity: Identity,
    match: Match,
    feed: Feed,
    moment: Moment,
    routed: Callable[[TopicId, Severity], bool],
) -> Decision:
    """What becomes of one new match."""
    if moment.baseline and not _rings_at_baseline(item, feed, moment.now):
        return Decision.BASELINE
    if not routed(match.topic_id, match.severity):
        return Decision.NO_ROUTE
    if identity.why is Seen.SAME_LINK_OTHER_FEED:
        return Decision.MATCHED_IN_OTHER_FEED
    if not identity.is_new:
        return Decision.MATCHED_AFTER_EDIT
    if is_late(item.published, moment):
        return Decision.LATE
    return Decision.FIRST_MATCH


def is_late(published: datetime | None, moment: Moment) -> bool:
    """Published more than `late_after` before it could have been seen. What was published while we were down is not late."""
    seen = min(moment.now, moment.last_good_poll or moment.now)
    return published is not None and not moment.baseline and published < seen - moment.late_after


def _rings_at_baseline(item: Item, feed: Feed, now: datetime) -> bool:
    if feed.first_poll is FirstPoll.RECENT:
        return item.published is not None and item.published >= now - feed.first_poll_recent
    return feed.first_poll is FirstPoll.ALL


def alert_topic(topic: Topic, match: Match, decision: Decision) -> AlertTopic:
    """A topic as an alert tells it."""
    return AlertTopic(
        id=topic.id,
        title=topic.title,
        severity=match.severity,
        configured=topic.severity,
        escalation=match.escalation,
        version=match.topic_version,
        clause=match.clause,
        spans=match.spans,
        decision=decision,
    )


Told: TypeAlias = Sequence[tuple[StoredItem, Sequence[AlertTopic]]]
"""Items of one alert, each with the topics that alert for it now."""


def loudest(told: Told) -> dict[TopicId, tuple[AlertTopic, Item]]:
    """Each topic of an alert once, and the item whose words it tells: of several late items the first of those that ring loudest."""
    found: dict[TopicId, tuple[AlertTopic, Item]] = {}
    for stored, of_item in told:
        for topic in of_item:
            known = found.get(topic.id)
            if known is None or topic.severity.rank > known[0].severity.rank:
                found[topic.id] = (topic, stored.item)
    return found


def alert_of(told: Told, now: datetime, instance: str) -> Alert:
    """One alert of one item with all topics that alert for it now; or of several late items together."""
    topics = loudest(told)
    listed = sorted(topics.values(), key=lambda each: -each[0].severity.rank)
    first = listed[0][0]
    alert_id = AlertId(_hash("alert", *(f"{stored.id}:{topic.id}" for stored, of_item in told for topic in of_item)))

    def data(size: _Size) -> dict[str, Any]:
        return {
            "alert_id": alert_id,
            "severity": first.severity.value,
            "reason": first.decision.value,
            "instance": instance,
            "topics": [_topic_data(topic, item, size) for topic, item in listed[: size.topics]],
            "topics_total": len(topics),
            "items": [_item_data(stored, now, [topic.id for topic in of_item], size) for stored, of_item in told],
        }

    return Alert(
        id=alert_id,
        type=EventType.ALERT_CREATED,
        severity=first.severity,
        created_at=now,
        items=tuple(stored.id for stored, _ in told),
        topics=tuple(topics),
        data=next((fitting for fitting in map(data, _SIZES) if size_of(fitting) <= DATA_BYTES_MAX), data(_SIZES[-1])),
    )


def _item_data(stored: StoredItem, now: datetime, topics: Sequence[TopicId], size: "_Size") -> dict[str, Any]:
    """An item as payloads tell it."""
    item = stored.item
    return {
        "id": stored.id,
        "title": cut(item.title, size.title),
        "link": item.link if len(item.link) <= size.link else "",
        "publisher": cut(stored.publisher, PUBLISHER_CHARS_MAX),
        "feed": stored.feed_id,
        "lang": item.lang[:LANG_CHARS_MAX],
        "published": None if item.published is None else iso(item.published),
        "first_seen": iso(stored.first_seen),
        "age": age(item.published, now),
        "summary": cut(item.summary, size.summary),
        "topics": list(topics[: size.topics]),
    }


def _topic_data(topic: AlertTopic, item: Item, size: "_Size") -> dict[str, Any]:
    return {
        "id": topic.id,
        "title": cut(topic.title, PUBLISHER_CHARS_MAX),
        "severity": topic.severity.value,
        **({"escalated": _escalated_data(topic, size)} if topic.escalation else {}),
        "decision": topic.decision.value,
        "version": topic.version,
        "clause": cut(topic.clause, size.clause),
        "words": [
            _word_data(str(getattr(item, span.field, "")), span.field, span.start, span.end)
            for span in topic.spans[: size.words]
        ],
    }


def _escalated_data(topic: AlertTopic, size: "_Size") -> dict[str, str]:
    return {"from": topic.configured.value, "because": cut(topic.escalation, size.clause)}


def _word_data(text: str, field: str, start: int, end: int) -> dict[str, str]:
    """A matched word with what stands around it, cut between words."""
    before = text[max(0, start - CONTEXT_CHARS) : start]
    after = text[end : end + CONTEXT_CHARS]
    if start > CONTEXT_CHARS:
        before = "…" + (before.partition(" ")[2] or before)
    if len(text) > end + CONTEXT_CHARS:
        after = (after.rpartition(" ")[0] or after) + "…"
    return {"field": field, "before": before, "match": cut(text[start:end], CONTEXT_CHARS), "after": after}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A match that a baseline holds, as its summary tells it."""

    title: str
    link: str
    publisher: str
    topics: tuple[tuple[TopicId, Severity], ...]


def baseline_summary(
    receiver: ReceiverId,
    feeds: Sequence[tuple[FeedId, str]],
    held: Sequence[Held],
    now: datetime,
    instance: str,
) -> Alert:
    """What a receiver is told once about first polls: the feeds that were read, counts, and some titles that would have alerted."""
    counts: dict[TopicId, int] = {}
    for match in held:
        for topic, _ in match.topics:
            counts[topic] = counts.get(topic, 0) + 1
    alert_id = AlertId(_hash("baseline", receiver, *(feed for feed, _ in feeds), iso(now)))
    severities = [severity for match in held for _, severity in match.topics]
    return Alert(
        id=alert_id,
        type=EventType.BASELINE_SUMMARY,
        severity=Severity.INFO,
        created_at=now,
        items=(),
        topics=tuple(counts),
        data={
            "alert_id": alert_id,
            "severity": Severity.INFO.value,
            "reason": Decision.BASELINE.value,
            "instance": instance,
            "highest_severity": max(severities, key=lambda each: each.rank).value if severities else None,
            "feeds": [{"id": feed, "publisher": cut(publisher, 80)} for feed, publisher in feeds[:100]],
            "feeds_total": len(feeds),
            "matches": dict(counts),
            "matched_items": len(held),
            "titles": [
                {
                    "title": cut(match.title, 120),
                    "link": match.link if len(match.link) <= 300 else "",  # noqa: PLR2004  a summary stays small
                    "publisher": cut(match.publisher, 80),
                    "topics": [topic for topic, _ in match.topics],
                }
                for match in held[:SUMMARY_TITLES_MAX]
            ],
        },
    )


def test_alert(receiver: ReceiverId, now: datetime, token: str, instance: str) -> Alert:
    """A marked event that proves a receiver's path. It has no sequence."""
    alert_id = AlertId(_hash("test", receiver, token))
    return Alert(
        id=alert_id,
        type=EventType.TEST,
        severity=Severity.INFO,
        created_at=now,
        items=(),
        topics=(),
        data={
            "alert_id": alert_id,
            "severity": Severity.INFO.value,
            "instance": instance,
            "message": f"This is a test of the receiver {receiver}. Nothing happened in the news.",
        },
    )


def size_of(data: Mapping[str, Any]) -> int:
    """Bytes of a payload's data as JSON in UTF-8."""
    return len(json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def in_words(severity: str, configured: str, clause: str) -> str:
    """How loud a match is, and what made it so: "critical, escalated from high because nuclear OR @bomb"."""
    because = (
        f" because {cut(clause, BECAUSE_CHARS_MAX)}" if clause else ""
    )  # a payload that was cut far down has no clause
    return f"{severity}, escalated from {configured}{because}"


def escalation_of(topic: Mapping[str, Any]) -> str:
    """What escalated a topic of a payload, in words; empty where nothing did."""
    escalated = topic.get("escalated")
    return in_words(topic["severity"], escalated["from"], escalated["because"]) if escalated else ""


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words and marked with an ellipsis."""
    if len(text) <= limit:
        return text
    if limit == 0:
        return ""
    head = text[: limit - 1]
    return (head.rpartition(" ")[0] or head) + "…"


def age(published: datetime | None, now: datetime) -> str | None:
    """How old, in words: "3 days old". None where nobody knows."""
    if published is None:
        return None
    span = now - published
    return f"{span_in_words(span)} old" if span >= timedelta(minutes=1) else "just published"


def _hash(*parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
