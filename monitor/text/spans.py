"""spans: a span of time in, in words by its largest unit out."""

from datetime import timedelta

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def span(length: timedelta) -> str:
    """`3 h`, `12 min`; nothing is negative."""
    seconds = max(0, round(length.total_seconds()))
    return next((f"{seconds // size} {unit}" for size, unit in _UNITS if seconds >= size), "0 s")
