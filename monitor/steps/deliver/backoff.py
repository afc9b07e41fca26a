"""backoff: how many attempts were made and the schedule in, the pause before the next one out."""

from datetime import timedelta

JITTER_SHARE = 0.2  # to either side, so that what failed together does not return together


def pause_after(attempts: int, schedule: tuple[timedelta, ...], luck: float) -> timedelta | None:
    """The pause after that many failed attempts; None when the schedule is used up. `luck` is in [0, 1)."""
    if attempts > len(schedule):
        return None
    return schedule[attempts - 1] * (1 - JITTER_SHARE + 2 * JITTER_SHARE * luck)
