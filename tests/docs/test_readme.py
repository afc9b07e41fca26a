"""What README promises can be typed: its queries are queries, its commands commands, its files exist."""

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from monitor.cli.main import app
from monitor.model.topic import Entity
from monitor.steps.match import parse_query

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
VERBS = sorted(
    {
        found
        for found in re.findall(r"newsmon (?:--config \S+ )?([a-z][a-z-]+)", README)
        if found not in {"watches", "is", "follows"}
    }
)


@pytest.mark.parametrize("verb", VERBS)
def test_its_commands_exist(verb: str) -> None:
    assert CliRunner().invoke(app, [verb, "--help"]).exit_code == 0


def test_its_queries_are_queries() -> None:
    (example,) = (block for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "entities:" in block)
    said = yaml.safe_load(example)
    entities = {name: Entity(name=name, spellings=tuple(spellings)) for name, spellings in said["entities"].items()}
    for topic in said["topics"]:
        parse_query(topic["query"], entities)


@pytest.mark.parametrize("name", ["README.md", "docs/ARCHITECTURE.md"])
def test_its_paths_exist(name: str) -> None:
    paths = set(
        re.findall(r"`((?:monitor|config|tests|docs|packaging|benchmarks)/[\w./-]+)`", (ROOT / name).read_text())
    )
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []
