"""verdict: the news day and what was seen of it in, one Check for each thing that must be so out."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.commands.demo.news_day import NewsDay, Trouble
from monitor.commands.demo.sink import Arrival

Told = tuple[str, tuple[str, ...]]
"""An alert as the verdict compares it: the title of its item, and its topics in the order of the alphabet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen until the evening."""

    arrived: Sequence[Arrival]  # POSTs that the sink took
    refused: Sequence[Arrival]  # POSTs that it answered 503
    unverified: Sequence[str]  # POSTs whose signature was wrong, and why
    metrics: Mapping[str, float]  # series -> value, as the daemon told before it was ended
    exit_code: int | None  # of the daemon; None: it had to be killed
    left_running: bool  # whether processes of the daemon outlived it


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must be so. `details` say what differs, a line each."""

    name: str
    expected: str
    found: str
    details: tuple[str, ...] = ()
    passed: bool


def expected_alerts(day: NewsDay, stages: int | None = None) -> Counter[Told]:
    """The alerts that must arrive until the end of the first `stages` stages; of all without."""
    return Counter((entry.title, tuple(sorted(entry.topics))) for stage in day.stages[:stages] for entry in stage.told)


def arrived_alerts(arrived: Iterable[Arrival]) -> Counter[Told]:
    """The alerts among what arrived, each delivery once. A batch of several items has their titles together."""
    deliveries = {arrival.webhook_id: arrival for arrival in arrived if arrival.type == "alert.created"}
    return Counter(
        (" + ".join(alert.titles), tuple(sorted(topic["id"] for topic in alert.data["topics"])))
        for alert in deliveries.values()
    )


def still_missing(day: NewsDay, stage: int, arrived: Sequence[Arrival]) -> list[str]:
    """What must have arrived by the end of that stage and has not, in words."""
    alerts = expected_alerts(day, stage + 1) - arrived_alerts(arrived)
    summary = any(arrival.type == "baseline.summary" for arrival in arrived)
    return [
        *([] if summary else ["not arrived yet: the summary of the baseline"]),
        *(f"not arrived yet: {title} [{', '.join(topics)}]" for title, topics in alerts.elements()),
    ]


def verdict(day: NewsDay, seen: Seen) -> list[Check]:
    """Everything that must be so, in the order in which a person would ask."""
    return [
        _alerts(day, seen),
        _baseline(day, seen),
        _once(seen),
        _signatures(seen),
        _retry(day, seen),
        _sequence(seen),
        _outbox(day, seen),
        *_polls(day, seen),
        _end(seen),
    ]


def read_metrics(exposition: str) -> dict[str, float]:
    """The samples of a text exposition (Prometheus 0.0.4): series as written -> value."""
    samples = re.finditer(r"^([a-z_:][^ {]*(?:\{.*\})?) (\S+)$", exposition, re.MULTILINE)
    return {series: float(value) for series, value in (sample.groups() for sample in samples)}


def polls_by_outcome(metrics: Mapping[str, float]) -> dict[str, int]:
    """Outcomes of polls that occurred, and how often."""
    pattern = re.compile(r'newsmon_polls_total\{outcome="([a-z_]+)"\}')
    found = ((pattern.fullmatch(series), value) for series, value in metrics.items())
    return {match[1]: int(value) for match, value in found if match and value}


def _check(name: str, expected: object, found: object, details: Iterable[str] = ()) -> Check:
    return Check(name=name, expected=str(expected), found=str(found), details=tuple(details), passed=expected == found)


def _alerts(day: NewsDay, seen: Seen) -> Check:
    expected, arrived = expected_alerts(day), arrived_alerts(seen.arrived)
    details = [
        *(f"missing: {title} [{', '.join(topics)}]" for title, topics in (expected - arrived).elements()),
        *(f"not expected: {title} [{', '.join(topics)}]" for title, topics in (arrived - expected).elements()),
    ]
    return Check(
        name="alerts",
        expected=str(expected.total()),
        found=str(arrived.total()),
        details=tuple(details),
        passed=expected == arrived,
    )


def _baseline(day: NewsDay, seen: Seen) -> Check:
    listed = [entry for entries in day.stages[0].listed.values() for entry in entries]
    matches = dict(Counter(topic for entry in listed for topic in entry.topics))
    held = sum(bool(entry.topics) for entry in listed)
    expected = [(len(day.publishers), held, matches)]
    found = [
        (arrival.data["feeds_total"], arrival.data["matched_items"], arrival.data["matches"])
        for arrival in seen.arrived
        if arrival.type == "baseline.summary"
    ]
    details = [] if found == expected else [f"(feeds, items that match, by topic): {expected} expected, {found} found"]
    return Check(
        name="summaries of the baseline",
        expected=f"1: {len(day.publishers)} feeds, {held} held",
        found="; ".join(f"1: {feeds} feeds, {items} held" for feeds, items, _ in found) or "none",
        details=tuple(details),
        passed=found == expected,
    )


def _once(seen: Seen) -> Check:
    times = Counter(arrival.webhook_id for arrival in seen.arrived)
    repeated = [f"{webhook_id}: {count} times" for webhook_id, count in times.items() if count > 1]
    return _check("repeats", 0, times.total() - len(times), repeated)


def _signatures(seen: Seen) -> Check:
    verified = len(seen.arrived) + len(seen.refused)
    return _check("signatures verified", verified + len(seen.unverified), verified, seen.unverified)


def _retry(day: NewsDay, seen: Seen) -> Check:
    taken = {arrival.webhook_id for arrival in seen.arrived}
    later = [refusal for refusal in seen.refused if refusal.webhook_id in taken]
    lost = [f"refused and never sent again: {refusal.webhook_id}" for refusal in seen.refused if refusal not in later]
    if not seen.refused:
        lost.append(f"there was no alert to refuse: {day.refused_once}")
    return _check("refused, and sent again", 1, len(later), lost)


def _sequence(seen: Seen) -> Check:
    numbers = sorted(arrival.data["sequence"] for arrival in seen.arrived)
    details = [] if numbers == list(range(1, len(numbers) + 1)) else [f"the numbers were {numbers}"]
    return Check(
        name="sequence, no gaps",
        expected=f"1 to {len(numbers)}",
        found=f"{numbers[0]} to {numbers[-1]}" if numbers else "none",
        details=tuple(details),
        passed=bool(numbers) and not details,
    )


def _outbox(day: NewsDay, seen: Seen) -> Check:
    """What the daemon says that it wrote must be what arrived: nothing waits, nothing was written that nobody expects."""
    expected = sum(len(topics) * count for (_, topics), count in expected_alerts(day).items())
    written = sum(value for series, value in seen.metrics.items() if series.startswith("newsmon_alerts_total{"))
    return _check("daemon's own count of topics", expected, int(written))


def _polls(day: NewsDay, seen: Seen) -> list[Check]:
    polls = polls_by_outcome(seen.metrics)
    troubles = Counter(trouble for stage in day.stages for each in stage.troubles.values() for trouble in each)
    documents = sum(len(stage.listed) for stage in day.stages)
    failures = {"http_error": troubles[Trouble.UNAVAILABLE], "parse_error": troubles[Trouble.BROKEN]}
    failed = {outcome: count for outcome, count in polls.items() if outcome not in {"new", "not_modified"}}
    unchanged = polls.get("not_modified", 0)
    return [
        _check("polls with news", documents, polls.get("new", 0)),
        Check(
            name="polls answered 304",
            expected=f"{len(day.publishers)} at least",
            found=str(unchanged),
            passed=unchanged >= len(day.publishers),
        ),
        _check("polls that failed", _listed(failures), _listed(failed)),
    ]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items()) if count) or "none"


def _end(seen: Seen) -> Check:
    found = "killed" if seen.exit_code is None else f"exit {seen.exit_code}"
    return _check("the daemon ended", "exit 0", f"{found}, processes left running" if seen.left_running else found)
