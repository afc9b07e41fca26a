"""The guide to feeds is true: every example loads without a warning but those it speaks of, and every key is told."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitor.config import load
from monitor.config.connection import Basic, Connecting, TlsEntry
from monitor.config.feeds import FeedEntry

GUIDE = (Path(__file__).parents[2] / "docs/feeds.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
OTHERS = {
    "settings.yaml": "{}\n",
    "topics/day.yaml": "topics:\n  - {id: a, title: A, query: war}\n",
    "alerts.yaml": "receivers: [{id: log, log: {}}]\nroutes: [{receiver: log}]\noperations: {receiver: log}\n",
    "my-feeds.opml": '<opml version="2.0"><body><outline text="A" xmlUrl="https://a.example/rss"/></body></opml>\n',
    "secrets/press": "pass\n",
    "secrets/paper": "token\n",
    "secrets/proxy": "pass\n",
}
ENVIRON = {"WIRE_KEY": "key", "AGENCY_TOKEN": "token"}


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_loads(example: str, tmp_path: Path) -> None:
    for name, text in {**OTHERS, "feeds.yaml": example}.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
    configuration = load(tmp_path, ENVIRON)
    expected = [feed.id for feed in configuration.feeds if not feed.connection.tls.verify]
    warned = [warning for warning in configuration.warnings if "no certificate is checked" in warning]
    assert (len(warned), len(configuration.warnings)) == (len(expected), len(expected))


@pytest.mark.parametrize("section", [Connecting, TlsEntry])
def test_every_key_has_its_row(section: type[BaseModel]) -> None:
    rows = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (.*?) \|", GUIDE, re.MULTILINE))))
    assert set(section.model_fields) - rows - {"tls"} == set()


def test_what_is_said_of_one_feed_alone_has_its_row() -> None:
    assert [
        key for key in ("basic", "bearer", "bearer_file", "allow_private", "allow_ports") if f"`{key}`" not in GUIDE
    ] == []
    assert {"basic", "bearer", "bearer_file", "allow_private", "allow_ports"} <= set(FeedEntry.model_fields)
    assert [key for key in Basic.model_fields if key not in GUIDE] == []
