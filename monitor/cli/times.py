"""times: how far back a person wants to look: `24h`, `7d`."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SPAN = re.compile(r"(\d{1,6})([smhdw])")


def now() -> datetime:
    return datetime.now(UTC)


def since(text: str | None) -> datetime | None:
    """The moment that long ago; None for no limit."""
    return None if text is None else span_ago(text)


def span_ago(text: str) -> datetime:
    """The moment that long ago. Raises BadParameter for what is no span of time, or longer than our era."""
    found = _SPAN.fullmatch(text.strip())
    if found is not None:
        with suppress(OverflowError):
            return now() - timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    raise typer.BadParameter("expected a span of time such as 90m, 24h or 7d")
