"""heartbeat: when it must not be sent."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.steps.heartbeat import WAITING_MAX, Withheld, withheld

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
LONG = NOW - WAITING_MAX - timedelta(seconds=1)

SITUATIONS: dict[str, tuple[bool, bool, datetime | None, Withheld | None]] = {
    "all is well": (True, True, None, None),
    "a delivery waits": (True, True, NOW - WAITING_MAX, None),
    "a delivery waits too long": (True, True, LONG, Withheld.NOT_DELIVERING),
    "the database takes no writes": (True, False, LONG, Withheld.NOT_WRITING),
    "nothing ticks": (False, False, LONG, Withheld.NOT_POLLING),
    "the clock was set back": (True, True, NOW + timedelta(days=1), None),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_withheld(name: str) -> None:
    ticks, writes, waiting, expected = SITUATIONS[name]
    assert withheld(ticks=ticks, writes=writes, waiting_since=waiting, now=NOW) is expected
