"""backtested: the report of a backtest in; lists, a day's count in bars and a summary for a person, or one JSON object, out."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli.clauses import lacking
from monitor.cli.evidence import evidence, rest
from monitor.cli.terminal import badge, listing, plural, print_json, stdout, styled

if TYPE_CHECKING:
    from monitor.commands.backtest import Counted, Found, Report
    from monitor.commands.catch_up import Queued
    from monitor.model.topic import Topic

BAR_CHARS = 40
BARS_MAX = 35  # a longer time is shown by the month, and no more months than that


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the report is of. `topic` is the version that was tested, `live` the one in the configuration, if there is one."""

    topic: "Topic"
    live: "Topic | None"
    changed: bool
    files: int | None  # None: the store was read
    since: datetime | None
    bad_lines: int
    unread: int
    queued: "Queued | None"

    @property
    def compares(self) -> bool:
        return self.changed and self.live is not None


def show(told: Told, report: "Report", *, as_json: bool) -> None:
    if as_json:
        print_json(_plain(told, report))
    else:
        _Page(told, report).show()


def _plain(told: Told, report: "Report") -> dict[str, Any]:
    difference = {
        "added": report.added,
        "removed": report.removed,
        "added_items": [_plain_item(found) for found in report.added_listed],
        "removed_items": [_plain_item(found) for found in report.removed_listed],
    }
    return {
        "topic": told.topic.id,
        "title": told.topic.title,
        "version": told.topic.version,
        "query": told.topic.query,
        "source": "store" if told.files is None else "files",
        "since": told.since,
        "items": report.items,
        "undated": report.undated,
        "repeats": report.repeats,
        "bad_lines": told.bad_lines,
        "unread_files": told.unread,
        "first": report.first,
        "last": report.last,
        "days": round(report.days, 3),
        **_plain_counts(report, report.tested),
        "live": None
        if report.live is None or told.live is None
        else {"version": told.live.version, "query": told.live.query, **_plain_counts(report, report.live)},
        "difference": difference if told.compares else None,
        "alerting_items": [_plain_item(found) for found in report.alerts_listed],
        "queued": None if told.queued is None else _plain_queue(told.queued),
    }


def _plain_counts(report: "Report", counted: "Counted") -> dict[str, Any]:
    rate, busiest = report.a_day(counted), counted.busiest
    return {
        "alerts": counted.alerts,
        "alerts_undated": counted.undated,
        "alerts_a_day": None if rate is None else round(rate, 3),
        "busiest_day": None if busiest is None else {"day": busiest[0].isoformat(), "alerts": busiest[1]},
        "by_day": {day.isoformat(): count for day, count in counted.by_day.items()},
        "by_severity": {severity.value: count for severity, count in counted.severities.items()},
    }


def _plain_item(found: "Found") -> dict[str, Any]:
    given, match = found.given, found.match
    return {
        "id": given.stored and given.stored.id,
        "title": given.item.title,
        "link": given.item.link,
        "publisher": given.origin.publisher,
        "feed": given.origin.feed,
        "published": given.item.published,
        "first_seen": given.stored and given.stored.first_seen,
        "severity": match.severity.value,
        "clause": match.clause,
        "spans": [
            {"field": span.field, "start": span.start, "end": span.end, "text": span.text} for span in match.spans
        ],
        "missing": found.lacking and lacking(found.lacking),
    }


def _plain_queue(queued: "Queued") -> dict[str, Any]:
    return {
        "alerts": [
            {"receivers": list(receivers), "items": count, "alerts": queued.alerts[receivers]}
            for receivers, count in queued.items.items()
            if count
        ],
        "unrouted": {severity.value: count for severity, count in queued.unrouted.items()},
    }


class _Page:
    """For a person. The summary stands last, where the eye is when it is over."""

    def __init__(self, told: Told, report: "Report") -> None:
        self._told, self._report = told, report
        self._console = stdout()

    def show(self) -> None:
        report = self._report
        if self._told.compares:
            self._list("only the changed version matches", "+", "bold green", report.added_listed, report.added)
            self._list("only the live version matches", "-", "bold red", report.removed_listed, report.removed)
        else:
            self._list("would have alerted", "", "", report.alerts_listed, report.tested.alerts)
        self._bars()
        self._summary()
        if self._told.queued is not None:
            self._queue(self._told.queued)

    def _list(self, what: str, mark: str, style: str, listed: "Sequence[Found]", total: int) -> None:
        if not total:
            return
        self._console.print(styled(f"{mark}{total:,} {what}", "bold"))
        for found in listed:
            given = found.given
            lines = evidence(
                given.item,
                found.match if mark != "-" else None,
                mark=styled(mark, style) if mark else badge(found.match.severity),
                origin=given.origin,
                at=given.at,
                lacks=found.lacking,
                because=False,
                console=self._console,
            )
            self._console.print(lines)
        for line in rest(len(listed), total):
            self._console.print(line)
        self._console.print()

    def _bars(self) -> None:
        bars = bars_of(self._report.tested.by_day)
        if len(bars) < 2:  # noqa: PLR2004  one bar compares with nothing
            return
        most = max(count for _, count in bars)
        block = "█" if (sys.stdout.encoding or "").lower().startswith("utf") else "#"
        for name, count in bars:
            bar = styled(block * round(BAR_CHARS * count / most), "cyan")
            number = styled(f"{' ' if count else ''}{count:,}")
            self._console.print(styled("").append_text(styled(f"{name}  ", "dim")).append_text(bar).append_text(number))
        self._console.print()

    def _summary(self) -> None:
        told, report = self._told, self._report
        source = "of the store" if told.files is None else f"of {plural(told.files, 'file')}"
        parts = [f"{plural(report.items, 'item')} {source}"]
        if report.first is not None and report.last is not None:
            parts.append(f"{report.first:%Y-%m-%d} to {report.last:%Y-%m-%d}")
        if report.undated:
            parts.append(f"{report.undated:,} undated")
        if report.repeats:
            parts.append(f"{plural(report.repeats, 'repeat')} of the same link or text not counted")
        if told.bad_lines:
            parts.append(f"{plural(told.bad_lines, 'line')} left out")
        self._console.print(styled(" · ".join(parts), "dim"))
        name = told.topic.id
        if told.compares and report.live is not None:
            self._line(f"{name} live     ", report.live)
            self._line(f"{name} changed  ", report.tested)
            self._console.print(styled(f"+{report.added:,} / -{report.removed:,}", "bold"))
        else:
            self._line(f"{name}  ", report.tested)

    def _line(self, name: str, counted: "Counted") -> None:
        self._console.print(styled("").append_text(styled(name, "bold")).append_text(styled(self._counts(counted))))

    def _counts(self, counted: "Counted") -> str:
        parts = [plural(counted.alerts, "alert")]
        if len(counted.severities) > 1:
            louder = sorted(counted.severities.items(), key=lambda each: -each[0].rank)
            parts[0] += f" ({', '.join(f'{severity.value} {count:,}' for severity, count in louder)})"
        if counted.undated:
            parts.append(f"{counted.undated:,} undated")
        rate = self._report.a_day(counted)
        if rate is not None:
            parts.append(f"{rate:.{1 if rate >= 1 or not rate else 2}f} a day")
        if counted.busiest is not None:
            day, count = counted.busiest
            parts.append(f"busiest {day} with {count:,}")
        return ", ".join(parts)

    def _queue(self, queued: "Queued") -> None:
        told = False
        for receivers, items in queued.items.items():
            if items:
                told = True
                batches = plural(queued.alerts[receivers], "alert")
                self._console.print(
                    styled(f"{plural(items, 'item')} in {batches} queued for {listing(receivers)}", "bold")
                )
        for severity, count in queued.unrouted.items():
            told = True
            self._console.print(
                styled(f"{plural(count, 'item')} told nobody: no route takes {self._told.topic.id} at {severity.value}")
            )
        if not told:
            self._console.print(styled("nothing queued: all of it was decided about before", "bold"))


def bars_of(by_day: Mapping[date, int]) -> list[tuple[str, int]]:
    """A count for each day from the first to the last, quiet ones too; of a longer time for each month that has any, the latest."""
    if not by_day:
        return []
    first, last = min(by_day), max(by_day)
    length = (last - first).days + 1
    if length <= BARS_MAX:
        days = (first + timedelta(days=number) for number in range(length))
        return [(day.isoformat(), by_day.get(day, 0)) for day in days]
    months: dict[str, int] = {}
    for day, count in sorted(by_day.items()):
        months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", 0) + count
    return list(months.items())[-BARS_MAX:]
