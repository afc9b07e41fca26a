"""network: the latest polls of hosts, each row a situation; whose network fails."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.model.poll import Outcome
from monitor.steps.network import Latest, ours_is_down

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)
OK, DOWN, SLOW, REFUSED = Outcome.NOT_MODIFIED, Outcome.NETWORK_ERROR, Outcome.TIMEOUT, Outcome.HTTP_ERROR

MANY = {
    "nobody was asked": ([], False),
    "all is well": ([OK] * 9, False),
    "one host": ([DOWN], False),
    "two hosts": ([DOWN] * 2, False),
    "three hosts of three": ([DOWN, SLOW, DOWN], True),
    "three hosts of six": ([OK, OK, OK, DOWN, DOWN, DOWN], False),
    "three hosts of five": ([OK, OK, DOWN, DOWN, DOWN], True),
    "a server's refusal is an answer": ([REFUSED] * 9, False),
    "eleven of the latest twenty of many": ([OK] * 500 + [OK] * 9 + [DOWN] * 11, True),
    "ten of the latest twenty of many": ([OK] * 500 + [OK] * 10 + [DOWN] * 10, False),
}


def polls(*latest: Latest) -> dict[str, Latest]:
    return {f"h{number}": each for number, each in enumerate(latest)}


@pytest.mark.parametrize("name", MANY)
def test_whose_network_fails(name: str) -> None:
    outcomes, expected = MANY[name]
    ago = [timedelta(seconds=len(outcomes) - n) for n in range(len(outcomes))]
    latest = polls(*(Latest(at=NOW - late, outcome=outcome) for late, outcome in zip(ago, outcomes, strict=True)))
    assert ours_is_down(latest, NOW, hosts=max(3, len(latest)), answered_at=NOW) is expected


LONG_AGO = [Latest(at=NOW - timedelta(minutes=16), outcome=DOWN)] * 9


@pytest.mark.parametrize("known", [False, True])
def test_what_was_long_ago_says_nothing_but_what_is_known_holds_until_an_answer(known: bool) -> None:
    assert ours_is_down(polls(*LONG_AGO), NOW, hosts=9, answered_at=NOW - timedelta(hours=9), known=known) is known


STAYED, LEFT = Latest(at=NOW, outcome=DOWN, stayed=True), Latest(at=NOW, outcome=DOWN)
EARLIER = Latest(at=NOW - timedelta(minutes=29), outcome=DOWN, stayed=True)
ANSWERED = Latest(at=NOW, outcome=OK)
LATELY, LONG = timedelta(minutes=60), timedelta(minutes=61)
FEW = {
    "one of one, and nothing left this machine": ([STAYED], 1, LATELY, True),
    "one of one, but it may be its server": ([LEFT], 1, LATELY, False),
    "both of two, whenever they were asked": ([EARLIER, STAYED], 2, LATELY, True),
    "both of two, but of one it may be the server": ([LEFT, STAYED], 2, LATELY, False),
    "one of two, the other answered": ([ANSWERED, STAYED], 2, LATELY, False),
    "one of two, the other was not asked yet": ([STAYED], 2, LATELY, False),
    "for too long to be believed": ([STAYED], 1, LONG, False),
    "many hosts need more than one, whatever it says": ([STAYED], 3, LATELY, False),
}


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("name", FEW)
def test_with_few_hosts_it_takes_a_sign_of_this_machine(name: str, known: bool) -> None:
    latest, hosts, unanswered, expected = FEW[name]
    down = ours_is_down(polls(*latest), NOW, hosts=hosts, answered_at=NOW - unanswered, known=known and hosts < 3)
    assert down is expected
