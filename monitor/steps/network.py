"""network: how the latest polls of different hosts ended in, whether it is our own network that fails out.

One host that cannot be reached says something of that host; most of them at once say something of us.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from monitor.model.poll import Outcome

HOSTS_MIN = 3  # that fail, before it can be our network
LATELY = timedelta(minutes=15)  # older polls say nothing about now
LATEST_MAX = 20  # hosts whose latest polls are asked

_UNREACHED = frozenset({Outcome.NETWORK_ERROR, Outcome.TIMEOUT})


def unreached(outcome: Outcome) -> bool:
    """Whether nothing at all came back: what a broken network does to a poll."""
    return outcome in _UNREACHED


def ours_is_down(latest: Mapping[str, tuple[datetime, Outcome]], now: datetime) -> bool:
    """`latest`: when the last poll of each host ended, and how."""
    recent = sorted((at, outcome) for at, outcome in latest.values() if now - at <= LATELY)[-LATEST_MAX:]
    failed = sum(unreached(outcome) for _, outcome in recent)
    return failed >= HOSTS_MIN and failed * 2 > len(recent)
