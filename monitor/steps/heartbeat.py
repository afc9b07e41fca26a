"""heartbeat: what is known of the daemon's own health in; why its heartbeat must not be sent out, or nothing against it.

Whoever watches from elsewhere raises the alarm when the heartbeat stops: so it stops where newsmon does not do what it is for.
"""

from datetime import datetime, timedelta
from enum import StrEnum

WAITING_MAX = timedelta(minutes=10)  # of the delivery that waits longest, also while its receiver is down


class Withheld(StrEnum):
    """Why a heartbeat is not sent."""

    NOT_POLLING = "not_polling"  # the scheduler does not tick
    NOT_WRITING = "not_writing"  # the database takes no writes
    NOT_DELIVERING = "not_delivering"  # a delivery waits too long


def withheld(*, ticks: bool, writes: bool, waiting_since: datetime | None, now: datetime) -> Withheld | None:
    """`waiting_since`: since when the delivery waits that waits longest."""
    if not ticks:
        return Withheld.NOT_POLLING
    if not writes:
        return Withheld.NOT_WRITING
    if waiting_since is not None and now - waiting_since > WAITING_MAX:
        return Withheld.NOT_DELIVERING
    return None
