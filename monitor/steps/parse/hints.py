"""hints: what a feed says of when to come back, in its own words; plain and bounded ones out. None and '' where it says nothing.

Sources: RSS 2.0 (`ttl`, `skipHours`, `skipDays`); the syndication module of RSS 1.0 (`sy:updatePeriod`, `sy:updateFrequency`).
"""

import re
from collections.abc import Iterable
from datetime import timedelta

TTL_MINUTES_MAX = 7 * 24 * 60
FREQUENCY_MAX = 1_000
SKIP_CHARS_MAX = 4_096  # of one element

_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS_OF_A_DAY = 24
_HOUR = re.compile(r"<hour\b[^<>]*>\s*(\d\d?)\s*<", re.IGNORECASE)
_DAY = re.compile(r"<day\b[^<>]*>\s*([a-z]+)\s*<", re.IGNORECASE)


def ttl_minutes(text: str) -> int | None:
    minutes = _number(text, TTL_MINUTES_MAX)
    return minutes or None


def update_every(period: str, frequency: str) -> timedelta | None:
    """How often the feed changes: once a day unless it says otherwise, if it says anything that can be read."""
    times = _number(frequency, FREQUENCY_MAX) if frequency else 1
    length = _PERIODS.get(period.lower()) if period else _PERIODS["daily"]
    return None if not (period or frequency) or not times or length is None else length / times


def skip(text: str) -> str:
    """The hours (UTC) and days at which nobody need come, from the text of a document: `hours 0-5, 12, Saturday`."""
    if "<skip" not in text:
        return ""
    hours = {
        int(hour) % _HOURS_OF_A_DAY
        for hour in _HOUR.findall(_inside(text, "skipHours"))
        if int(hour) <= _HOURS_OF_A_DAY
    }
    days = {day.capitalize() for day in _DAY.findall(_inside(text, "skipDays"))}
    words = [f"hours {_runs(hours)}"] if hours else []
    return ", ".join((*words, *(day for day in _DAYS if day in days)))


def _number(text: str, largest: int) -> int:
    """A number from 1 to the largest, 0 for everything else."""
    number = int(text) if text.isdecimal() and len(text) <= len(str(largest)) else 0
    return number if number <= largest else 0


def _inside(text: str, name: str) -> str:
    """What the first element of that name holds, as far as it is bounded."""
    start = max(text.find(f"<{name}>"), text.find(f"<{name.lower()}>"))
    inside = text[start : start + SKIP_CHARS_MAX] if start >= 0 else ""
    return inside.partition(f"</{inside[1 : len(name) + 1]}")[0]


def _runs(numbers: Iterable[int]) -> str:
    """`0-2, 5`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)
