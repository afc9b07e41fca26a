"""backtest: a topic as it is and as it might become, and items of the past, in; what each would have alerted, and the difference, out."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from monitor.commands.past import Given
from monitor.model.ids import TopicId
from monitor.model.severity import Severity
from monitor.model.topic import Entity, Match, Topic
from monitor.steps import dedupe
from monitor.steps.match import Explanation, Topics, compile_topics, explain, match, query_version

DAY_SECONDS = 86_400
_UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One wording of a topic, compiled."""

    topic: Topic
    topics: Topics

    def match(self, given: Given) -> Match | None:
        return next(iter(match(given.item, self.topics, given.origin)), None)

    def explain(self, given: Given) -> Explanation:
        return explain(given.item, self.topic.id, self.topics, given.origin)


def version_of(topic: Topic, entities: Sequence[Entity]) -> Version:
    """Raises QueryError."""
    return Version(topic=topic, topics=compile_topics([topic], entities))


def reworded(topic_id: TopicId, live: Topic | None, query: str, entities: Sequence[Entity]) -> Topic:
    """The live topic with that query; where there is none, a draft. Raises QueryError."""
    topic = live or Topic(id=topic_id, title=topic_id, severity=Severity.MEDIUM, query=query, version="")
    named = {entity.name: entity for entity in entities}
    return replace(topic, query=query, version=query_version(query, named, topic.escalations))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An item of a list with its match; where the changed version matches it no more, why not."""

    given: Given
    match: Match
    lacking: Explanation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What one version would have alerted."""

    alerts: int
    undated: int  # of them: they belong to no day
    by_day: Mapping[date, int]  # UTC
    severities: Mapping[Severity, int]

    @property
    def busiest(self) -> tuple[date, int] | None:
        """The earliest of the days with the most alerts."""
        return min(self.by_day.items(), key=lambda day: (-day[1], day[0])) if self.by_day else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came out. `tested` is the changed version, or the live one where nothing is changed; lists are newest first, and may be cut."""

    items: int
    undated: int
    repeats: int  # entries of files that would have alerted, had the same link or text not done so already
    first: datetime | None
    last: datetime | None
    days: float  # that alerts a day are averaged over
    tested: Counted
    live: Counted | None  # None: there is nothing to compare with
    added: int
    removed: int
    alerts_listed: tuple[Found, ...]
    added_listed: tuple[Found, ...]
    removed_listed: tuple[Found, ...]

    def a_day(self, counted: Counted) -> float | None:
        return (counted.alerts - counted.undated) / self.days if self.days else None


class Backtest:
    """Judges one item after the other; what it remembers does not grow with the items, only with the alerts of files."""

    def __init__(self, live: Version | None, changed: Version | None, *, limit: int) -> None:
        """`limit`: how long the lists are at most. At least one version is given."""
        self._live, self._changed = live, changed
        self._items = self._undated = self._repeats = 0
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._read_days: set[date] = set()
        self._told: set[str] = set()
        self._counts = {"live": _Counts(), "changed": _Counts()}
        self._alerts, self._added, self._removed = _Newest(limit), _Newest(limit), _Newest(limit)

    def judge(self, given: Given) -> Match | None:
        """Count the item. The match of the live version, if it alerts."""
        self._see(given)
        live = None if self._live is None else self._live.match(given)
        changed = None if self._changed is None else self._changed.match(given)
        if (live or changed) and self._repeated(given):
            return None
        if live:
            self._counts["live"].add(given, live)
        if changed:
            self._counts["changed"].add(given, changed)
        if tested := changed if self._changed else live:
            self._alerts.add(given, tested)
        if self._live and self._changed:
            if changed and not live:
                self._added.add(given, changed)
            elif live and not changed:
                self._removed.add(given, live)
        return live

    def report(self) -> Report:
        live = self._counts["live"].counted() if self._live else None
        changed = self._counts["changed"].counted() if self._changed else None
        tested = changed or live
        if tested is None:
            raise ValueError("a backtest without a version")
        return Report(
            items=self._items,
            undated=self._undated,
            repeats=self._repeats,
            first=self._first,
            last=self._last,
            days=self._days(),
            tested=tested,
            live=live,
            added=self._added.total,
            removed=self._removed.total,
            alerts_listed=tuple(self._alerts.listed()),
            added_listed=tuple(self._added.listed()),
            removed_listed=tuple(
                replace(found, lacking=self._changed.explain(found.given) if self._changed else None)
                for found in self._removed.listed()
            ),
        )

    def _see(self, given: Given) -> None:
        self._items += 1
        if given.at is None:
            self._undated += 1
            return
        self._first = given.at if self._first is None else min(self._first, given.at)
        self._last = given.at if self._last is None else max(self._last, given.at)
        self._read_days.add(given.at.date())

    def _repeated(self, given: Given) -> bool:
        """Whether this entry of a file is one that alerted before, as the daemon would see it. Stored items are deduplicated."""
        if given.stored is not None:
            return False
        keys = dedupe.keys_of(given.item, given.origin.publisher)
        key = keys.link or keys.text or ""
        if key in self._told:
            self._repeats += 1
            return True
        self._told.add(key)
        return False

    def _days(self) -> float:
        """Days on which anything was read, so that one stray date dilutes nothing; not more than lie between first and last item."""
        if self._first is None or self._last is None:
            return 0.0
        between = max(1.0, (self._last - self._first).total_seconds() / DAY_SECONDS)
        return min(between, float(len(self._read_days)))


class _Counts:
    def __init__(self) -> None:
        self._undated = 0
        self._by_day = Counter[date]()
        self._severities = Counter[Severity]()

    def add(self, given: Given, found: Match) -> None:
        self._severities[found.severity] += 1
        if given.at is None:
            self._undated += 1
        else:
            self._by_day[given.at.date()] += 1

    def counted(self) -> Counted:
        return Counted(
            alerts=self._severities.total(),
            undated=self._undated,
            by_day=dict(sorted(self._by_day.items())),
            severities=dict(self._severities),
        )


class _Newest:
    """Keeps the newest of what it is given, and counts all of it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: list[tuple[datetime, int, Given, Match]] = []
        self.total = 0

    def add(self, given: Given, found: Match) -> None:
        self.total += 1
        entry = (given.at or _UNDATED, -self.total, given, found)  # of equal ones the first stays first
        if len(self._kept) < self._limit:
            heapq.heappush(self._kept, entry)
        elif self._limit:
            heapq.heappushpop(self._kept, entry)

    def listed(self) -> list[Found]:
        return [Found(given=given, match=found) for _, _, given, found in sorted(self._kept, key=_order)]


def _order(entry: tuple[datetime, int, Given, Match]) -> tuple[float, int]:
    return (-(entry[0] - _UNDATED).total_seconds(), -entry[1])
