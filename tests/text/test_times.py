"""Moments and spans of time, as they are read."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.text.times import in_words, iso

SPANS = {
    "nothing": (timedelta(), "0 seconds"),
    "less": (-timedelta(days=1), "0 seconds"),
    "a second": (timedelta(seconds=1.9), "1 second"),
    "minutes": (timedelta(minutes=59, seconds=59), "59 minutes"),
    "an hour": (timedelta(hours=1), "1 hour"),
    "days": (timedelta(days=3, hours=23), "3 days"),
}


@pytest.mark.parametrize("name", SPANS)
def test_a_span_is_read_by_its_largest_unit(name: str) -> None:
    span, words = SPANS[name]
    assert in_words(span) == words


def test_a_moment() -> None:
    assert iso(datetime(2025, 2, 24, 9, 30, 0, 999, tzinfo=UTC)) == "2025-02-24T09:30:00.000Z"
