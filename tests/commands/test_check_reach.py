"""check: what newsmon is to dial is resolved and held against the guard, before it runs."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.commands.check import Finding, Weight, check
from monitor.model.connection import Connection, Proxy
from monitor.model.feed import Feed
from monitor.model.ids import FeedId
from monitor.model.settings import Configuration, DeliverySettings, Listen, PollSettings, Settings

NAMES = {
    "public.example": ["93.184.216.34"],
    "nas.internal": ["192.168.1.5"],
    "proxy.internal": ["10.0.0.7"],
    "us.example": ["127.0.0.1"],
}
ALLOW = "; add allow_private: [192.168.1.0/24] to this feed"
UNKNOWN = Finding(weight=Weight.WARNING, text="one: nowhere.example cannot be resolved (Name or service not known)")


def lookup(host: str) -> list[str]:
    if host not in NAMES:
        raise OSError(-2, "Name or service not known")
    return NAMES[host]


def found(url: str, *, proxy: str = "", allow: tuple[str, ...] = ()) -> list[Finding]:
    connection = Connection(proxy=Proxy(url=proxy) if proxy else None)
    feed = Feed(id=FeedId("one"), url=url, publisher="One", allow_private=allow, connection=connection)
    settings = Settings(
        database=Path("/") / "newsmon.sqlite",
        listen=Listen(host="127.0.0.1", port=8787),
        metrics_listen=None,
        poll=PollSettings(contact="desk@news.example"),
        delivery=DeliverySettings(schedule=(timedelta(),)),
    )
    folder = Configuration(
        folder=Path("/"), settings=settings, feeds=(feed,), topics=(), entities=(), receivers=(), routes=()
    )
    return check(folder, lookup=lookup)


PROXY = "http://proxy.internal:3128"
TARGETS: dict[str, tuple[list[Finding], list[Finding]]] = {
    "public": (found("https://public.example/"), []),
    "private": (
        found("https://nas.internal/"),
        [Finding(weight=Weight.PROBLEM, text=f"one: nas.internal: 192.168.1.5 is a private address{ALLOW}")],
    ),
    "private and allowed": (found("https://nas.internal/", allow=("nas.internal",)), []),
    "unknown": (found("https://nowhere.example/"), [UNKNOWN]),
    "through a proxy, which resolves it": (found("https://nowhere.example/", proxy=PROXY), []),
    "through a proxy that is unknown": (found("https://public.example/", proxy="http://nowhere.example:1"), [UNKNOWN]),
    "through newsmon itself": (
        found("https://public.example/", proxy="http://us.example:8787"),
        [Finding(weight=Weight.PROBLEM, text="one: us.example: 127.0.0.1 port 8787 is newsmon itself")],
    ),
}


@pytest.mark.parametrize(("findings", "expected"), TARGETS.values(), ids=TARGETS)
def test_what_is_dialled_is_resolved(findings: list[Finding], expected: list[Finding]) -> None:
    assert findings == expected
