"""terminal: values in, what a person reads out: lines, tables, JSON lines; messages go to stderr.

Colours and cursor movement are for terminals only, and none of what a feed or a receiver wrote can move the cursor.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from monitor.text.spans import span

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

OK, FOUND_PROBLEMS, BAD_USAGE = 0, 1, 2

SEVERITY_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "cyan",
    "info": "dim",
}
STATE_STYLES = {
    "ok": "green",
    "delivered": "green",
    "pending": "yellow",
    "stale": "yellow",
    "failing": "red",
    "dead": "red",
    "gone": "red",
    "paused": "dim",
}

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def stdout() -> "Console":
    return _console(stderr=False)


def stderr() -> "Console":
    return _console(stderr=True)


def _console(*, stderr: bool) -> "Console":
    from monitor.cli.margin import Page

    return Page(stderr=stderr)


def write(*lines: "RenderableType") -> None:
    """Each on a line of its own."""
    console = stdout()
    for line in lines:
        console.print(line)


def say(message: str) -> None:
    """A message beside the answer, to stderr."""
    print(clean(message), file=sys.stderr)


def refuse(message: str, code: int = FOUND_PROBLEMS) -> NoReturn:
    """Say why not, and end with that code."""
    say(f"newsmon: {message}")
    raise typer.Exit(code)


def clean(text: str) -> str:
    """The text without what would move the cursor, hide or re-order it; lines stay lines."""
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0] == "\n" else f"\\x{ord(found[0]):02x}", text)


def styled(text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(clean(text), style)


def badge(severity: str) -> "Text":
    """A severity as its word in capitals, the louder the brighter."""
    return styled(severity.upper(), SEVERITY_STYLES[severity])


def below(line: "Text", columns: int = 4) -> "RenderableType":
    """A line that belongs to one above it: indented by that many columns, also where it is wrapped."""
    from rich.padding import Padding

    return Padding(line, (0, 0, 0, columns), expand=False)


def table(*columns: str, right: Iterable[str] = (), flexible: Iterable[str] = ()) -> "Table":
    """An empty table without borders. Only `flexible` columns wrap where the terminal is narrow; `right` ones hold numbers."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in columns:
        wraps = name in flexible
        made.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=not wraps,
            overflow="fold" if wraps else "ellipsis",
        )
    return made


def print_json(value: object) -> None:
    r"""One object on one line of stdout. Moments become RFC 3339 in UTC, spans of time seconds.

    Where stdout is not of Unicode, what it lacks would be printed as \xe9, which is no JSON: there all of it is ASCII.
    """
    plain = asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(plain, ensure_ascii=not unicode, default=_json_value))


def _json_value(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def ago(moment: datetime | None, now: datetime, never: str = "never") -> str:
    return never if moment is None else f"{span(now - moment)} ago"


def due(moment: datetime, now: datetime) -> str:
    """When something is to happen."""
    return "now" if moment <= now else f"in {span(moment - now)}"


def clock_time(moment: datetime | None) -> str:
    return "undated" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def plural(count: int, noun: str, several: str = "") -> str:
    """`1 entry`, `2 entries`."""
    return f"{count:,} {noun if count == 1 else several or noun + 's'}"


def listing(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


class Progress:
    """One line on stderr that tells how far a long run is; nothing unless stderr is a terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def show(self, line: str) -> None:
        if self._shown:
            sys.stderr.write(f"\r\x1b[2K{clean(line)}")
            sys.stderr.flush()

    def hide(self) -> None:
        """Before anything else is printed, and at the end."""
        if self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


@contextmanager
def progress_bar(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar with percentage and time left on stderr, gone at the end; nothing unless stderr is a terminal. Yields what moves it on."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=stderr(), transient=True, redirect_stdout=False) as progress:
        task = progress.add_task(what, total=total or None)
        yield lambda step: progress.advance(task, step)
