"""alert: the decision to tell somebody; and what became of every match."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.model.ids import AlertId, ItemId, ReceiverId, TopicId
from monitor.model.severity import Severity
from monitor.model.topic import Span


class Decision(StrEnum):
    """What was decided about one match: one word each, the same in logs, metrics, payloads and `newsmon explain`."""

    FIRST_MATCH = "first_match"  # alerts
    MATCHED_AFTER_EDIT = "matched_after_edit"  # alerts: the item was edited, and only its new words match
    MATCHED_IN_OTHER_FEED = "matched_in_other_feed"  # alerts: another feed words the same link so that it matches
    LATE = "late"  # alerts: published long before it was first seen
    BACKTEST = "backtest"  # alerts: found in the past by a backtest that was asked to deliver
    BASELINE = "baseline"  # held: the first poll of its feed, told in the summary
    NO_ROUTE = "no_route"  # no receiver takes it: counted and shown

    @property
    def alerts(self) -> bool:
        return self not in {Decision.BASELINE, Decision.NO_ROUTE}


class EventType(StrEnum):
    """The `type` of a payload."""

    ALERT_CREATED = "alert.created"
    BASELINE_SUMMARY = "baseline.summary"
    TEST = "test"
    FEED_FAILING = "feed.failing"
    FEED_RECOVERED = "feed.recovered"
    FEED_GONE = "feed.gone"
    FEED_ROLLED_OFF = "feed.rolled_off"


class Concern(StrEnum):
    """Why an operator is told of a feed: one word each, the `reason` of the payload."""

    FAILING = "failing"  # its polls fail
    SILENT = "silent"  # it answers, but has brought nothing new for far longer than ever
    GONE = "gone"  # its server means it: 410 again and again
    ROLLED_OFF = "rolled_off"  # items may have been lost between two polls
    RECOVERED = "recovered"  # it does again what it should


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTopic:
    """A topic of an alert, with the words that matched and what escalated them."""

    id: TopicId
    title: str
    severity: Severity  # of the match
    configured: Severity  # of the topic: lower where the match escalated
    escalation: str  # the clause that escalated; empty where none did
    version: str
    clause: str
    spans: tuple[Span, ...]
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One event to tell: an item with all topics that alert for it now, a batch of late items, a summary, what an operator should know
    of a feed, or a test.

    `data` is the payload's `data` without what is the receiver's own (`sequence`): JSON values only.
    """

    id: AlertId
    type: EventType
    severity: Severity
    created_at: datetime
    items: tuple[ItemId, ...]
    topics: tuple[TopicId, ...]
    data: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which alerts a receiver takes. Empty sets take everything."""

    receiver: ReceiverId
    topics: frozenset[TopicId] = frozenset()
    severities: frozenset[Severity] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Who is told how newsmon and its feeds fare."""

    receiver: ReceiverId
    fallback: ReceiverId | None = None  # told instead, while `receiver` is disabled
