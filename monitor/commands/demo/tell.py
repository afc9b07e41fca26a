"""tell: what happens in the demo in, lines for a person or JSON lines for a program out."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TextIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from monitor.commands.demo.news_day import NewsDay, Publisher, Stage, Trouble
from monitor.commands.demo.sink import Arrival
from monitor.commands.demo.verdict import Check
from monitor.steps.alert import escalation_of

_COLOURS = {"info": "blue", "low": "cyan", "medium": "yellow", "high": "red", "critical": "bold white on red"}
_ANSWERS = {
    Trouble.UNAVAILABLE: "answers 503 Service Unavailable",
    Trouble.BROKEN: "answers with a page of apologies instead of its feed",
}
_INDENT = " " * 10


class Teller(Protocol):
    """Who watches the demo."""

    def opens(self, day: NewsDay, folder: Path) -> None: ...
    def stage(self, number: int, of: int, stage: Stage) -> None: ...
    def trouble(self, publisher: Publisher, trouble: Trouble) -> None: ...
    def recovered(self, publisher: Publisher) -> None: ...
    def arrived(self, arrival: Arrival, *, taken: bool, again: bool) -> None: ...
    def stuck(self, reasons: Sequence[str], log: Sequence[str]) -> None: ...
    def closes(
        self, checks: Sequence[Check], polls: Mapping[str, int], *, passed: bool, folder: Path | None
    ) -> None: ...


class ForPeople:
    """Tells it as a newsroom would want to read it. Matched words are bold, or between asterisks where nothing can be bold."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._console = Console(file=out, highlight=False, soft_wrap=True)

    def opens(self, day: NewsDay, folder: Path) -> None:
        self._print("newsmon demo: 24 February 2025, played in under a minute", "bold")
        names = ", ".join(publisher.name for publisher in day.publishers)
        self._print(f"{len(day.publishers)} invented publishers on loopback: {names}")
        self._print(f"the daemon runs in a process of its own, in {folder}", "dim")

    def stage(self, number: int, of: int, stage: Stage) -> None:
        self._console.print()
        self._console.print(
            Rule(f"{number + 1} of {of}  {stage.name}", align="left"), width=min(self._console.width, 100)
        )
        self._print(stage.about, "italic")

    def trouble(self, publisher: Publisher, trouble: Trouble) -> None:
        self._print(f"{_INDENT}{publisher.name} {_ANSWERS[trouble]}", "magenta")

    def recovered(self, publisher: Publisher) -> None:
        self._print(f"{_INDENT}{publisher.name} is back", "magenta")

    def arrived(self, arrival: Arrival, *, taken: bool, again: bool) -> None:
        if not taken:
            self._print(
                f"{_INDENT}the receiver refuses {arrival.webhook_id} with 503: “{' + '.join(arrival.titles)}”",
                "magenta",
            )
            return
        if again:
            self._print(f"{_INDENT}sent again, and taken this time: {arrival.webhook_id}", "magenta")
        if arrival.type == "baseline.summary":
            self._baseline(arrival)
        else:
            self._alert(arrival)

    def stuck(self, reasons: Sequence[str], log: Sequence[str]) -> None:
        self._console.print()
        for reason in reasons:
            self._print(reason, "bold red")
        for line in log:
            self._print(f"  | {line}", "dim")

    def closes(self, checks: Sequence[Check], polls: Mapping[str, int], *, passed: bool, folder: Path | None) -> None:
        table = Table(title="The evening's count", title_justify="left", header_style="bold", box=SIMPLE_HEAD)
        table.add_column("", no_wrap=True)
        table.add_column("", no_wrap=True)
        table.add_column("expected")
        table.add_column("found")
        for check in checks:
            mark = Text("ok", style="green") if check.passed else Text("NO", style="bold red")
            table.add_row(mark, check.name, check.expected, check.found)
        self._console.print()
        self._console.print(table)
        self._print("polls by outcome: " + ", ".join(f"{count} {outcome}" for outcome, count in polls.items()), "dim")
        for check in checks:
            for detail in check.details:
                self._print(f"{check.name}: {detail}", "red")
        if folder is not None:
            self._print(f"kept: {folder}")
        self._print(
            "Everything arrived that had to, and nothing else." if passed else "This is not what was expected.",
            "bold green" if passed else "bold red",
        )

    def _baseline(self, arrival: Arrival) -> None:
        data = arrival.data
        self._print(
            f"{_clock(arrival)}  baseline: {data['feeds_total']} feeds read, {data['matched_items']} items match and are held",
            "cyan",
        )
        for held in data["titles"]:
            self._print(f"{_INDENT}· {held['title']} ({held['publisher']}: {', '.join(held['topics'])})", "dim")

    def _alert(self, arrival: Arrival) -> None:
        data = arrival.data
        severity = str(data["severity"])
        head = Text(f"{_clock(arrival)}  ")
        head.append(severity.upper(), style=_COLOURS.get(severity, "bold"))
        head.append("  " + " · ".join(topic["title"] for topic in data["topics"]), style="bold")
        self._console.print(head)
        for topic in data["topics"]:
            if escalated := escalation_of(topic):
                self._print(f"{_INDENT}{topic['title']}: {escalated}", "italic")
        words = [word for topic in data["topics"] for word in topic["words"]]
        for item in data["items"]:
            for field in ("title", "summary"):
                found = [word for word in words if word["field"] == field]
                if field == "title" or found:
                    self._console.print(Text(_INDENT) + self._marked(item[field], found))
            old = f", {item['age']}" if item["age"] else ""
            why = f"{item['publisher']}{old} · {data['reason']} · {item['link']}"
            self._print(_INDENT + why, "dim")

    def _marked(self, text: str, words: Sequence[Mapping[str, str]]) -> Text:
        """The text with the matched words in it set off."""
        marked = Text(text)
        places = {place for word in words if (place := _place(text, word))}
        for start, end in sorted(places, reverse=True):
            if self._console.is_terminal:
                marked.stylize("bold underline", start, end)
            else:
                marked = marked[:start] + Text(f"*{text[start:end]}*") + marked[end:]
        return marked

    def _print(self, line: str, style: str = "") -> None:
        self._console.print(Text(line, style=style))


class ForPrograms:
    """Tells it as JSON lines: one object an event, its kind in `event`."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out

    def opens(self, day: NewsDay, folder: Path) -> None:
        self._line("opens", feeds=[publisher.feed for publisher in day.publishers], folder=str(folder))

    def stage(self, number: int, of: int, stage: Stage) -> None:
        self._line("stage", number=number + 1, of=of, name=stage.name)

    def trouble(self, publisher: Publisher, trouble: Trouble) -> None:
        self._line("trouble", feed=publisher.feed, trouble=trouble.value)

    def recovered(self, publisher: Publisher) -> None:
        self._line("recovered", feed=publisher.feed)

    def arrived(self, arrival: Arrival, *, taken: bool, again: bool) -> None:
        payload = {"type": arrival.type, "timestamp": arrival.timestamp, "data": arrival.data}
        self._line("delivery", webhook_id=arrival.webhook_id, taken=taken, again=again, payload=payload)

    def stuck(self, reasons: Sequence[str], log: Sequence[str]) -> None:
        self._line("stuck", reasons=list(reasons), log=list(log))

    def closes(self, checks: Sequence[Check], polls: Mapping[str, int], *, passed: bool, folder: Path | None) -> None:
        told = [
            {
                "name": check.name,
                "expected": check.expected,
                "found": check.found,
                "passed": check.passed,
                "details": list(check.details),
            }
            for check in checks
        ]
        self._line("closes", passed=passed, checks=told, polls=dict(polls), kept=str(folder) if folder else None)

    def _line(self, event: str, **facts: Any) -> None:
        print(json.dumps({"event": event} | facts, ensure_ascii=False), file=self._out, flush=True)


def _clock(arrival: Arrival) -> str:
    """The time of day in a payload's timestamp: HH:MM:SS, UTC."""
    return arrival.timestamp[11:19]


def _place(text: str, word: Mapping[str, str]) -> tuple[int, int] | None:
    """Where a matched word stands in a text, by what stands around it; None where the text was cut before it."""
    before, after = word["before"].removeprefix("…"), word["after"].removesuffix("…")
    start = text.find(before + word["match"] + after)
    return None if start < 0 else (start + len(before), start + len(before) + len(word["match"]))
