"""sender: a receiver is asked on a port that is not for HTTP only where its configuration names that port."""

import asyncio
from datetime import timedelta

import pytest

from monitor.adapters.sender import Sender
from monitor.model.delivery import Answer, Attempt, Post

UNKNOWN = "the host name is not known"
PORTS = {
    "N14-a usual one": ("http://a.example:8080/", (), Attempt.NETWORK_ERROR, UNKNOWN),
    "N14-a port that is not for HTTP": ("http://a.example:81/", (), Attempt.BLOCKED, "port 81 is not for HTTP"),
    "N14-Redis": ("http://a.example:6379/", (81,), Attempt.BLOCKED, "port 6379 is not for HTTP"),
    "N14-that is allowed": ("http://a.example:81/", (81,), Attempt.NETWORK_ERROR, UNKNOWN),
}


def unknown(host: str) -> list[str]:
    raise UnicodeError


async def sent(url: str, ports: tuple[int, ...]) -> Answer:
    async with Sender(user_agent="newsmon/test", lookup=unknown) as sender:
        return await sender.send(Post(url=url, headers=(), body=b"{}", timeout=timedelta(seconds=5), allow_ports=ports))


@pytest.mark.parametrize(("url", "ports", "outcome", "detail"), PORTS.values(), ids=PORTS)
def test_ports(url: str, ports: tuple[int, ...], outcome: Attempt, detail: str) -> None:
    answer = asyncio.run(sent(url, ports))
    assert (answer.outcome, answer.detail) == (outcome, detail)
