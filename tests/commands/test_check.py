"""check: whether publishers know who polls them, and what newsmon would stumble over when it calls the watcher of its heartbeat."""

from pathlib import Path

import pytest

from monitor.commands.check import ANONYMOUS, Finding, Weight, check
from monitor.config import load, shipped

KEY = "c4n4ry-0123456789"
PRIVATE = "allow_private: [10.1.2.0/24]"
FOUND = {
    "a private address": (
        "",
        [f"heartbeat: hc.example: 10.1.2.3 is a private address; add {PRIVATE} to this heartbeat"],
    ),
    "a private address that is allowed": (f", {PRIVATE}", []),
    "through a proxy, which is trusted": (", proxy: 'http://hc.example:3128'", []),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_watcher_can_be_reached(name: str, tmp_path: Path) -> None:
    allowed, expected = FOUND[name]
    findings = examined(
        tmp_path,
        f"poll: {{contact: desk@news.example}}\nheartbeat: {{url: 'https://hc.example/ping/{KEY}'{allowed}}}\n",
    )
    assert findings == [Finding(weight=Weight.PROBLEM, text=text) for text in expected]


SETTINGS = {
    "a contact": ("poll: {contact: desk@news.example}\n", []),
    "a name of their own": ("poll: {user_agent: desk/1}\n", []),
    "nobody": ("{}\n", [Finding(weight=Weight.WARNING, text=ANONYMOUS)]),
    "nobody where the environment names none": (
        "poll: {contact: '${CONTACT:-}'}\n",
        [Finding(weight=Weight.WARNING, text=ANONYMOUS)],
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_publishers_know_who_polls_them(name: str, tmp_path: Path) -> None:
    settings, expected = SETTINGS[name]
    assert examined(tmp_path, settings) == expected


def examined(folder: Path, settings: str) -> list[Finding]:
    for file in ("alerts.yaml", "topics/ukraine-diplomacy.yaml"):
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes((shipped() / file).read_bytes())
    (folder / "feeds.yaml").write_text("feeds: [{id: a, url: https://a.example/, publisher: A}]\n")
    (folder / "settings.yaml").write_text(settings)
    addresses = {"hc.example": ["10.1.2.3"], "a.example": ["93.184.216.34"]}
    return check(load(folder, {}), lookup=addresses.__getitem__)
