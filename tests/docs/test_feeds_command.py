"""What docs/feeds.md says of `newsmon feeds` exists: its verbs, options, states, paces, columns and places."""

import re
from pathlib import Path

from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.commands.feeds.words import PACES, STATES
from monitor.text.links import COMMON_PLACES

GUIDE = (Path(__file__).parents[2] / "docs/feeds.md").read_text()
SECTIONS = {part.partition("\n")[0]: part for part in GUIDE.split("\n## ")}
VERBS = ("list", "show", "check", "add", "import", "export", "pause", "resume")


def rows(section: str, head: str) -> list[str]:
    """The first column of the table under that head."""
    _, _, table = SECTIONS[section].partition(f"| {head} |")
    return re.findall(r"^\| `([^`]+)` \|", table.partition("\n\n")[0], re.MULTILINE)


def test_its_verbs_and_options_exist() -> None:
    helps = "".join(CliRunner().invoke(app, ["feeds", verb, "--help"]).output for verb in VERBS)
    assert set(re.findall(r"`newsmon feeds ([a-z]+)", GUIDE)) <= set(VERBS)
    assert {option for option in re.findall(r"`[^`]*?(--[a-z][a-z-]*)", GUIDE) if option not in helps} == set()


def test_it_knows_every_state_and_pace() -> None:
    assert sorted(rows("What `newsmon feeds` shows", "state")) == sorted(STATES)
    assert rows("Pace", "pace") == [word for word, _ in PACES.values()]


def test_it_knows_every_common_place() -> None:
    assert [place for place in COMMON_PLACES if f"`{place}`" not in SECTIONS["Adding feeds"]] == []
