"""The verdict passes a day on which everything happened as it must, and names what differs on every other."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from monitor.commands.demo.news_day import NEWS_DAY
from monitor.commands.demo.sink import Arrival
from monitor.commands.demo.verdict import (
    Seen,
    expected_alerts,
    polls_by_outcome,
    read_metrics,
    still_missing,
    verdict,
)


def alert(number: int, title: str, *topics: str) -> Arrival:
    data = {"items": [{"title": title}], "topics": [{"id": topic} for topic in topics], "sequence": number}
    return Arrival(webhook_id=f"msg-{number}", type="alert.created", timestamp="", data=data)


HELD = [entry for entries in NEWS_DAY.stages[0].listed.values() for entry in entries if entry.topics]
SUMMARY = Arrival(
    webhook_id="msg-1",
    type="baseline.summary",
    timestamp="",
    data={
        "feeds_total": len(NEWS_DAY.publishers),
        "matched_items": len(HELD),
        "matches": dict(Counter(topic for entry in HELD for topic in entry.topics)),
        "sequence": 1,
    },
)
TOLD = [entry for stage in NEWS_DAY.stages for entry in stage.told]
ALERTS = [alert(number, entry.title, *entry.topics) for number, entry in enumerate(TOLD, start=2)]
REFUSED = next(arrival for arrival in ALERTS if NEWS_DAY.refused_once in arrival.titles)
EXPOSITION = f"""\
# HELP newsmon_polls_total Finished polls by outcome
# TYPE newsmon_polls_total counter
newsmon_polls_total{{outcome="new"}} {sum(len(stage.listed) for stage in NEWS_DAY.stages)}.0
newsmon_polls_total{{outcome="not_modified"}} 30.0
newsmon_polls_total{{outcome="http_error"}} 1.0
newsmon_polls_total{{outcome="parse_error"}} 1.0
newsmon_polls_total{{outcome="timeout"}} 0.0
newsmon_alerts_total{{severity="high",topic="nato-membership"}} {sum(len(entry.topics) for entry in TOLD)}.0
newsmon_alerts_total{{severity="low",topic="territory"}} 0.0
newsmon_scheduler_last_tick_timestamp_seconds 1.7e+09
"""
METRICS = read_metrics(EXPOSITION)
GOOD = Seen(
    arrived=(SUMMARY, *ALERTS), refused=(REFUSED,), unverified=(), metrics=METRICS, exit_code=0, left_running=False
)


def failed(seen: Seen) -> dict[str, tuple[str, ...]]:
    return {check.name: check.details for check in verdict(NEWS_DAY, seen) if not check.passed}


def test_a_good_day_passes() -> None:
    assert failed(GOOD) == {}


def test_an_alert_that_is_missing_is_named() -> None:
    lost = ALERTS[-1]
    found = failed(replace(GOOD, arrived=(SUMMARY, *ALERTS[:-1])))
    assert found == {"alerts": (f"missing: {lost.titles[0]} [{', '.join(sorted(TOLD[-1].topics))}]",)}


def test_an_alert_that_nobody_expects_is_named() -> None:
    found = failed(replace(GOOD, arrived=(*GOOD.arrived, alert(len(ALERTS) + 2, "Sudan's talks", "peace-talks"))))
    assert found == {"alerts": ("not expected: Sudan's talks [peace-talks]",)}


def test_an_alert_with_other_topics_is_both() -> None:
    changed = alert(2, TOLD[0].title, "air-attacks")
    found = failed(replace(GOOD, arrived=(SUMMARY, changed, *ALERTS[1:])))
    topics = ", ".join(sorted(TOLD[0].topics))
    assert found == {"alerts": (f"missing: {TOLD[0].title} [{topics}]", f"not expected: {TOLD[0].title} [air-attacks]")}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"arrived": tuple(ALERTS)}, {"summaries of the baseline", "sequence, no gaps"}),
        (
            {"arrived": (SUMMARY, SUMMARY, *ALERTS)},
            {"summaries of the baseline", "repeats", "sequence, no gaps"},
        ),
        ({"arrived": (SUMMARY, *ALERTS, ALERTS[0])}, {"repeats", "sequence, no gaps"}),
        ({"unverified": ("No matching signature found",)}, {"signatures verified"}),
        ({"refused": ()}, {"refused, and sent again"}),
        ({"refused": (replace(REFUSED, webhook_id="other"),)}, {"refused, and sent again"}),
        (
            {"metrics": METRICS | {'newsmon_alerts_total{severity="low",topic="territory"}': 1.0}},
            {"daemon's own count of topics"},
        ),
        ({"metrics": METRICS | {'newsmon_polls_total{outcome="timeout"}': 1.0}}, {"polls that failed"}),
        ({"metrics": METRICS | {'newsmon_polls_total{outcome="parse_error"}': 0.0}}, {"polls that failed"}),
        ({"metrics": METRICS | {'newsmon_polls_total{outcome="not_modified"}': 0.0}}, {"polls answered 304"}),
        ({"metrics": METRICS | {'newsmon_polls_total{outcome="new"}': 1.0}}, {"polls with news"}),
        ({"exit_code": 1}, {"the daemon ended"}),
        ({"exit_code": None}, {"the daemon ended"}),
        ({"left_running": True}, {"the daemon ended"}),
    ],
)
def test_every_other_difference_fails_by_name(change: dict[str, Any], names: set[str]) -> None:
    assert set(failed(replace(GOOD, **change))) == names


def test_nothing_at_all_fails_everywhere_and_breaks_nothing() -> None:
    nothing = Seen(arrived=(), refused=(), unverified=(), metrics={}, exit_code=None, left_running=False)
    assert len(failed(nothing)) >= 8


def test_metrics_are_read_from_their_text() -> None:
    assert METRICS["newsmon_scheduler_last_tick_timestamp_seconds"] == 1.7e9
    assert polls_by_outcome(METRICS) == {"new": 18, "not_modified": 30, "http_error": 1, "parse_error": 1}


def test_a_stage_waits_for_its_alerts_and_those_before() -> None:
    first = NEWS_DAY.stages[1].told
    assert still_missing(NEWS_DAY, 0, []) == ["not arrived yet: the summary of the baseline"]
    assert still_missing(NEWS_DAY, 0, [SUMMARY]) == []
    assert len(still_missing(NEWS_DAY, 1, [SUMMARY])) == len(first)
    assert still_missing(NEWS_DAY, 1, [SUMMARY, *ALERTS[: len(first)]]) == []
    assert expected_alerts(NEWS_DAY).total() == len(TOLD)
