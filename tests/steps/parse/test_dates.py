"""Dates as feeds write them."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.steps.parse.dates import plausible, read

TEN = datetime(2025, 2, 24, 10, 0, tzinfo=UTC)
MIDNIGHT = datetime(2025, 2, 24, tzinfo=UTC)

DATES = {
    "RFC 822": ("Mon, 24 Feb 2025 10:00:00 GMT", TEN),
    "RFC 822 with offset": ("Mon, 24 Feb 2025 12:00:00 +0200", TEN),
    "RFC 822 of 1982": ("24 Feb 25 05:00 EST", TEN),
    "RFC 850": ("Monday, 24-Feb-25 10:00:00 GMT", TEN),
    "asctime": ("Mon Feb 24 10:00:00 2025", TEN),
    "asctime with zone": ("Mon Feb 24 11:00:00 CET 2025", TEN),
    "ISO 8601": ("2025-02-24T10:00:00Z", TEN),
    "ISO 8601 with parts of a second": ("2025-02-24T11:00:00.123+01:00", TEN),
    "ISO 8601 with a space": ("2025-02-24 10:00:00", TEN),
    "ISO 8601, basic": ("20250224T100000Z", TEN),
    "ISO 8601, basic, with offset": ("20250224T113000+0130", TEN),
    "ISO 8601, half an hour": ("2025-02-24T15:30+0530", TEN),
    "day only": ("2025-02-24", MIDNIGHT),
    "day only, RFC 822": ("Mon, 24 Feb 2025", MIDNIGHT),
    "Central European winter": ("Mon, 24 Feb 2025 11:00:00 CET", TEN),
    "Central European summer": ("Thu, 24 Jul 2025 12:00:00 CEST", datetime(2025, 7, 24, 10, tzinfo=UTC)),
    "Moscow": ("Mon, 24 Feb 2025 13:00:00 MSK", TEN),
    "India": ("Mon, 24 Feb 2025 15:30:00 IST", TEN),
    "Pacific": ("Mon, 24 Feb 2025 02:00:00 PST", TEN),
    "GMT+2": ("Mon, 24 Feb 2025 12:00:00 GMT+2", TEN),
    "zone that nobody knows": ("Mon, 24 Feb 2025 10:00:00 XYZ", TEN),
    "offset that cannot be": ("Mon, 24 Feb 2025 10:00:00 +9999", TEN),
    "zone of a place": ("2025-02-24 10:00:00 Etc/GMT", TEN),
    "hour that a change of clocks leaves out": (
        "Sun, 30 Mar 2025 02:30:00 CET",
        datetime(2025, 3, 30, 1, 30, tzinfo=UTC),
    ),
    "German": ("Montag, 24. Februar 2025, 10:00 Uhr", TEN),
    "German, short": ("Mo, 24 Mär 2025 10:00:00 +0000", datetime(2025, 3, 24, 10, tzinfo=UTC)),
    "German, numbers": ("24.02.2025 10:00", TEN),
    "German, day only": ("24.02.2025", MIDNIGHT),
    "French": ("lun., 24 févr. 2025 11:00:00 +0100", TEN),
    "French, June is not July": ("24 juin 2025 à 10h00", datetime(2025, 6, 24, 10, tzinfo=UTC)),
    "French, July is not June": ("24 juil. 2025 à 10h00", datetime(2025, 7, 24, 10, tzinfo=UTC)),
    "Spanish": ("lunes, 24 de febrero de 2025 10:00", TEN),
    "Portuguese": ("seg, 24 fev 2025 10:00:00", TEN),
    "Italian": ("lunedì 24 febbraio 2025 10:00", TEN),
    "Dutch": ("maandag 24 maart 2025 10:00", datetime(2025, 3, 24, 10, tzinfo=UTC)),
    "Polish": ("pon, 24 lutego 2025 10:00", TEN),
    "Polish, October": ("24 października 2025 10:00", datetime(2025, 10, 24, 10, tzinfo=UTC)),
    "Russian": ("Пн, 24 февраля 2025 г. 13:00 MSK", TEN),
    "Russian, May": ("24 мая 2025 10:00", datetime(2025, 5, 24, 10, tzinfo=UTC)),
    "Ukrainian": ("понеділок, 24 лютого 2025, 10:00", TEN),
    "Ukrainian, November": ("24 листопада 2025 10:00", datetime(2025, 11, 24, 10, tzinfo=UTC)),
    "Turkish": ("24 Şubat 2025 10:00", TEN),
    "Greek": ("Δευ, 24 Φεβ 2025 10:00:00 GMT", TEN),
    "Chinese": ("2025年2月24日 10:00", TEN),
    "American": ("February 24, 2025 - 10:00 am", TEN),
    "American, afternoon": ("Feb 24, 2025 05:00 PM EST", datetime(2025, 2, 24, 22, tzinfo=UTC)),
    "American, midnight": ("Feb 24, 2025 12:00 AM", MIDNIGHT),
    "time first": ("10:00 24 Feb 2025", TEN),
    "Persian digits": ("۲۴ Feb ۲۰۲۵ ۱۰:۰۰", TEN),
    "end of the day": ("Sun, 23 Feb 2025 24:00:00 GMT", MIDNIGHT),
    "leap second": ("2025-02-23T23:59:60Z", MIDNIGHT),
    "year 1": ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    "before year 1": ("0001-01-01T00:00:00+01:00", None),
    "after year 9999": ("9999-12-31T23:59:59-01:00", None),
    "day that does not exist": ("Mon, 31 Feb 2025 10:00:00 GMT", None),
    "time that does not exist": ("Mon, 24 Feb 2025 25:00:00 GMT", None),
    "words": ("yesterday", None),
    "very long": ("x" * 1_000_000, None),
    "nothing": ("", None),
}


@pytest.mark.parametrize(("text", "moment"), DATES.values(), ids=[f"F11-{name}" for name in DATES])
def test_read(text: str, moment: datetime | None) -> None:
    assert read(text) == moment


AGES = {
    "now": (timedelta(), True),
    "a day ahead": (timedelta(days=1), True),
    "more than a day ahead": (timedelta(days=1, seconds=1), False),
    "ten years ahead": (timedelta(days=3653), False),
    "nine years old": (timedelta(days=-9 * 365), True),
    "eleven years old": (timedelta(days=-11 * 365), False),
}


@pytest.mark.parametrize(("age", "believed"), AGES.values(), ids=[f"F11-{name}" for name in AGES])
def test_plausible(age: timedelta, believed: bool) -> None:
    assert plausible(TEN + age, TEN) is believed
