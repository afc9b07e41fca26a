"""What docs/measuring.md shows can be typed: its label lines are labels, its options options, its keys keys."""

import io
import re
from pathlib import Path

from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.commands.texts import Text, read_texts

GUIDE = (Path(__file__).parents[2] / "docs/measuring.md").read_text()


def test_its_lines_are_labelled_texts() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    found = list(read_texts(io.BytesIO(example.encode()), {}))
    assert [each.labels for each in found if isinstance(each, Text)] == [("peace-talks",), ()]


def test_its_options_exist() -> None:
    helps = "".join(CliRunner().invoke(app, [verb, "--help"]).output for verb in ("backtest", "evaluate"))
    assert {option for option in re.findall(r"--[a-z]+", GUIDE) if option not in helps} == set()
