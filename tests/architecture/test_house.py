"""The house stands as the design draws it: what the linters cannot see."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = sorted((ROOT / "monitor").rglob("*.py"))
LINES_MAX = 400
MIGRATIONS = ROOT / "monitor/adapters/store/migrations"


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS, ids=_module)
def test_a_room_says_what_it_is_and_stays_small(room: Path) -> None:
    text = room.read_text()
    assert ast.get_docstring(ast.parse(text)), f"{room} begins with no docstring"
    assert len(text.splitlines()) <= LINES_MAX


@pytest.mark.parametrize("room", ROOMS, ids=_module)
def test_a_library_stays_in_its_rooms(room: Path) -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["newsmon"]["libraries"]
    module = _module(room)
    strangers = {
        name
        for name in _imports(ast.parse(room.read_text())) & set(table)
        if not any(module == home or module.startswith(home + ".") for home in table[name])
    }
    assert strangers == set()


def test_every_outside_library_is_in_the_table() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    names = {"prometheus-client": "prometheus_client", "pyyaml": "yaml"}
    wanted = {re.split(r"[\[<>=!~]", line)[0] for line in project["project"]["dependencies"]}
    imported = {names.get(name, name) for name in wanted} - {"tzdata"}  # data, found by the standard library
    assert imported <= set(project["tool"]["newsmon"]["libraries"])


def test_nothing_is_unfinished() -> None:
    words = re.compile(r"TODO|FIXME|XXX|NotImplementedError|for now\b")
    assert [str(room) for room in ROOMS if words.search(room.read_text())] == []


def test_only_adapters_know_what_time_it_is() -> None:
    asks = re.compile(r"\bdatetime\.now\(|\btime\.time\(|utcnow\(|date\.today\(")
    below = ("steps", "text", "model", "loops", "config")
    guilty = [
        _module(room) for room in ROOMS if room.relative_to(ROOT).parts[1] in below and asks.search(room.read_text())
    ]
    assert guilty == []


def test_locks_hold_hashes_and_no_address() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text


def test_no_room_is_empty() -> None:
    folders = [path for path in (ROOT / "monitor").rglob("*") if path.is_dir() and "__pycache__" not in path.parts]
    outside = {MIGRATIONS, MIGRATIONS / "versions"}  # Alembic loads these as files
    missing = [folder for folder in folders if folder not in outside and not (folder / "__init__.py").exists()]
    assert missing == []
