"""What a person reads of an alert, and what a program does."""

import io
import json
from dataclasses import replace
from pathlib import Path

from monitor.commands.demo.news_day import NEWS_DAY, Trouble
from monitor.commands.demo.sink import Arrival
from monitor.commands.demo.tell import ForPeople, ForPrograms
from monitor.commands.demo.verdict import Check

TITLE = "Zelensky offers to resign in exchange for NATO membership"
ALERT = Arrival(
    webhook_id="msg-1",
    type="alert.created",
    timestamp="2025-02-24T18:03:09.000Z",
    data={
        "severity": "high",
        "reason": "first_match",
        "topics": [
            {
                "title": "Ukraine's NATO membership",
                "words": [
                    {"field": "title", "before": "", "match": "Zelensky", "after": " offers to…"},
                    {"field": "title", "before": "…exchange for ", "match": "NATO", "after": " membership"},
                    {"field": "summary", "before": "He said that ", "match": "Kyiv", "after": " would agree."},
                ],
            },
            {
                "title": "Leadership",
                "words": [{"field": "title", "before": "", "match": "Zelensky", "after": " offers to…"}],
            },
        ],
        "items": [
            {
                "title": TITLE,
                "summary": "He said that Kyiv would agree.",
                "publisher": "Continental Wire",
                "age": "42 minutes old",
                "link": "https://continental-wire.example/a",
            }
        ],
        "sequence": 2,
    },
)
SUMMARY = Arrival(
    webhook_id="msg-0",
    type="baseline.summary",
    timestamp="2025-02-24T18:03:00.000Z",
    data={
        "feeds_total": 6,
        "matched_items": 1,
        "titles": [{"title": "Talks [in] Riyadh", "publisher": "Wire", "topics": ["peace-talks"]}],
    },
)
CHECKS = [
    Check(name="alerts", expected="7", found="6", details=("missing: Macron",), passed=False),
    Check(name="repeats", expected="0", found="0", passed=True),
]


def test_a_person_reads_who_what_where_and_why() -> None:
    out = io.StringIO()
    ForPeople(out).arrived(ALERT, taken=True, again=False)
    assert out.getvalue().splitlines() == [
        "18:03:09  HIGH  Ukraine's NATO membership · Leadership",
        "          *Zelensky* offers to resign in exchange for *NATO* membership",
        "          He said that *Kyiv* would agree.",
        "          Continental Wire, 42 minutes old · first_match · https://continental-wire.example/a",
    ]


def test_a_person_reads_the_baseline_as_it_is_written() -> None:
    out = io.StringIO()
    ForPeople(out).arrived(SUMMARY, taken=True, again=False)
    assert out.getvalue().splitlines() == [
        "18:03:00  baseline: 6 feeds read, 1 items match and are held",
        "          · Talks [in] Riyadh (Wire: peace-talks)",
    ]


def test_a_refusal_and_its_second_attempt_bear_the_same_id() -> None:
    out = io.StringIO()
    people = ForPeople(out)
    people.arrived(ALERT, taken=False, again=False)
    people.arrived(ALERT, taken=True, again=True)
    lines = [line for line in out.getvalue().splitlines() if "msg-1" in line]
    assert lines == [
        f"          the receiver refuses msg-1 with 503: “{TITLE}”",
        "          sent again, and taken this time: msg-1",
    ]


def test_a_person_reads_what_differs() -> None:
    out = io.StringIO()
    ForPeople(out).closes(CHECKS, {"new": 3}, passed=False, folder=Path("/tmp/kept"))
    told = out.getvalue()
    for line in (
        "polls by outcome: 3 new",
        "alerts: missing: Macron",
        "kept: /tmp/kept",
        "This is not what was expected.",
    ):
        assert line in told.splitlines()


def test_a_program_reads_one_object_a_line() -> None:
    out = io.StringIO()
    programs = ForPrograms(out)
    programs.opens(NEWS_DAY, Path("/tmp/day"))
    programs.stage(0, 5, NEWS_DAY.stages[0])
    programs.trouble(NEWS_DAY.publishers[0], Trouble.BROKEN)
    programs.recovered(NEWS_DAY.publishers[0])
    programs.arrived(ALERT, taken=True, again=True)
    programs.stuck(["time is up"], ["last words"])
    programs.closes(CHECKS, {"new": 3}, passed=False, folder=None)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [event.pop("event") for event in events] == [
        "opens", "stage", "trouble", "recovered", "delivery", "stuck", "closes",
    ]  # fmt: skip
    assert events[2] == {"feed": "continental-wire", "trouble": "broken"}
    assert events[4]["payload"] == {"type": ALERT.type, "timestamp": ALERT.timestamp, "data": ALERT.data}
    assert events[6] == {
        "passed": False,
        "checks": [
            {"name": "alerts", "expected": "7", "found": "6", "passed": False, "details": ["missing: Macron"]},
            {"name": "repeats", "expected": "0", "found": "0", "passed": True, "details": []},
        ],
        "polls": {"new": 3},
        "kept": None,
    }


def test_an_alert_says_what_escalated_it() -> None:
    out = io.StringIO()
    topic = {
        "title": "Arms",
        "severity": "critical",
        "escalated": {"from": "high", "because": "nuclear NEAR/3 missile"},
        "words": [],
    }
    louder = replace(ALERT, data={**ALERT.data, "severity": "critical", "topics": [topic]})
    ForPeople(out).arrived(louder, taken=True, again=False)
    assert "          Arms: critical, escalated from high because nuclear NEAR/3 missile\n" in out.getvalue()
