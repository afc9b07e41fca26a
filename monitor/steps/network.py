"""network: how the latest polls of different hosts ended in, whether it is our own network that fails out.

One host that cannot be reached says something of that host; most of them at once say something of us.

Where there are too few hosts for that, none of them can vouch for another: a server that is down and a line that is cut look alike,
and a feed that died must not pass for an outage of ours. So there it takes a sign of this machine itself, at all of them: no route
leads out, or no name server answers. Such a poll costs no publisher anything, so it may be repeated soon. But a name server also
gives no answer for a domain that is broken for good; that is why such signs are believed for a while only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.model.poll import Outcome

HOSTS_MIN = 3  # that fail, before it can be our network without a sign of this machine
LATELY = timedelta(minutes=15)  # older polls say nothing about now
LATEST_MAX = 20  # hosts whose latest polls are asked
SIGN_BELIEVED = timedelta(hours=1)  # after the last answer of anybody

_UNREACHED = frozenset({Outcome.NETWORK_ERROR, Outcome.TIMEOUT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """How the last poll of a host ended. `stayed`: it never left this machine."""

    at: datetime
    outcome: Outcome
    stayed: bool = False


def unreached(outcome: Outcome) -> bool:
    """Whether nothing at all came back: what a broken network does to a poll."""
    return outcome in _UNREACHED


def ours_is_down(
    latest: Mapping[str, Latest], now: datetime, *, hosts: int, answered_at: datetime, known: bool = False
) -> bool:
    """`latest`: the last poll of each host that was polled, of `hosts` that there are; `answered_at`: when anybody answered last, or
    we began to ask. `known`: it was down before, and nobody has answered since.
    """
    if hosts < HOSTS_MIN:
        all_stayed = len(latest) == hosts and all(each.stayed for each in latest.values())
        return all_stayed and now - answered_at <= SIGN_BELIEVED
    recent = sorted((each.at, each.outcome) for each in latest.values() if now - each.at <= LATELY)[-LATEST_MAX:]
    failed = sum(unreached(outcome) for _, outcome in recent)
    return known or (failed >= HOSTS_MIN and failed * 2 > len(recent))
