"""network: the latest polls of hosts, each row a situation; whose network fails."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.model.poll import Outcome
from monitor.steps.network import ours_is_down

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
OK, DOWN, SLOW, REFUSED = Outcome.NOT_MODIFIED, Outcome.NETWORK_ERROR, Outcome.TIMEOUT, Outcome.HTTP_ERROR

ROWS = {
    "nobody was asked": ([], False),
    "all is well": ([OK] * 9, False),
    "one host of one": ([DOWN], False),
    "two hosts of two": ([DOWN] * 2, False),
    "three hosts of three": ([DOWN, SLOW, DOWN], True),
    "three hosts of six": ([OK, OK, OK, DOWN, DOWN, DOWN], False),
    "three hosts of five": ([OK, OK, DOWN, DOWN, DOWN], True),
    "a server's refusal is an answer": ([REFUSED] * 9, False),
    "eleven of the latest twenty of many": ([OK] * 500 + [OK] * 9 + [DOWN] * 11, True),
    "ten of the latest twenty of many": ([OK] * 500 + [OK] * 10 + [DOWN] * 10, False),
}


@pytest.mark.parametrize("name", ROWS)
def test_whose_network_fails(name: str) -> None:
    outcomes, expected = ROWS[name]
    latest = {f"h{n}": (NOW - timedelta(seconds=len(outcomes) - n), outcome) for n, outcome in enumerate(outcomes)}
    assert ours_is_down(latest, NOW) is expected


def test_what_was_long_ago_says_nothing() -> None:
    latest = {f"h{n}": (NOW - timedelta(minutes=16), DOWN) for n in range(9)}
    assert not ours_is_down(latest, NOW)
