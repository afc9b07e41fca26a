"""times: moments and spans of time in, how payloads and people read them out."""

from datetime import datetime, timedelta

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: 2025-02-24T09:30:00.000Z."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_words(span: timedelta) -> str:
    """A span of time by its largest unit, rounded down: "3 days", "1 hour"; a negative one is none."""
    seconds = max(0, int(span.total_seconds()))
    for size, name in _UNITS:
        count = seconds // size
        if count:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return "0 seconds"
