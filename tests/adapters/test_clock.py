from datetime import UTC, datetime, timedelta

from monitor.adapters.clock import SystemClock
from monitor.ports import Clock


def test_the_time_is_aware_and_now() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)
    assert before <= clock.now() <= before + timedelta(minutes=1)
    assert clock.now().tzinfo is UTC


def test_luck_is_a_share_of_one() -> None:
    assert all(0 <= SystemClock().luck() < 1 for _ in range(1000))


def test_no_token_is_given_twice() -> None:
    clock = SystemClock()
    assert len({clock.token() for _ in range(1000)}) == 1000
