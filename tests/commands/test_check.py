"""check: what newsmon would stumble over when it calls the watcher of its heartbeat."""

from pathlib import Path

import pytest

from monitor.commands.check import Finding, Weight, check
from monitor.config import load, shipped

KEY = "c4n4ry-0123456789"
PRIVATE = "allow_private: [10.1.2.0/24]"
FOUND = {
    "a private address": (
        "",
        [f"heartbeat: hc.example: 10.1.2.3 is a private address; add {PRIVATE} to this heartbeat"],
    ),
    "a private address that is allowed": (f", {PRIVATE}", []),
}


@pytest.mark.parametrize("name", FOUND)
def test_the_watcher_can_be_reached(name: str, tmp_path: Path) -> None:
    allowed, expected = FOUND[name]
    for file in ("alerts.yaml", "topics/ukraine-diplomacy.yaml"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes((shipped() / file).read_bytes())
    (tmp_path / "feeds.yaml").write_text("feeds: [{id: a, url: https://a.example/, publisher: A}]\n")
    (tmp_path / "settings.yaml").write_text(f"heartbeat: {{url: 'https://hc.example/ping/{KEY}'{allowed}}}\n")
    addresses = {"hc.example": ["10.1.2.3"], "a.example": ["93.184.216.34"]}
    findings = check(load(tmp_path, {}), lookup=addresses.__getitem__)
    assert findings == [Finding(weight=Weight.PROBLEM, text=text) for text in expected]
