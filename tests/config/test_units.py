from datetime import timedelta

import pytest

from monitor.config.units import parse_duration, spell_duration

SPANS = {
    "0s": timedelta(),
    "500ms": timedelta(milliseconds=500),
    "90s": timedelta(seconds=90),
    "5m": timedelta(minutes=5),
    "5m200ms": timedelta(minutes=5, milliseconds=200),
    "2h": timedelta(hours=2),
    "1h30m": timedelta(hours=1, minutes=30),
    "7d": timedelta(days=7),
    "1d1h1m1s1ms": timedelta(days=1, hours=1, minutes=1, seconds=1, milliseconds=1),
}


@pytest.mark.parametrize("text", SPANS)
def test_read(text: str) -> None:
    assert parse_duration(text) == SPANS[text]


@pytest.mark.parametrize("text", SPANS)
def test_written_and_read_again(text: str) -> None:
    assert parse_duration(spell_duration(SPANS[text])) == SPANS[text]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "m",
        "5 m",
        " 5m",
        "5m\n",
        "5M",
        "-5m",
        "1.5h",
        "30m1h",
        "5m5m",
        "PT5M",
        "5min",
        "٥m",
        "99999999s",
        5,
        None,
        True,
    ],
)
def test_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)
