"""`newsmon evaluate` as a person types it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app

PEACE = {"title": "Ukraine and Russia begin peace talks", "topics": ["peace-talks"], "published": "2025-02-24"}
WEATHER = {"title": "Rain", "summary": "and more rain", "topics": [], "story": 3}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    assert CliRunner().invoke(app, ["--config", str(made), "init"]).exit_code == 0
    return made


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    return tmp_path / "labels.jsonl"


def write(path: Path, *lines: object) -> None:
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))


def newsmon(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["--config", str(folder), *words])


def test_json_is_one_object_with_nulls_where_nothing_is_measured(folder: Path, labels: Path) -> None:
    missed = {"title": "Envoys meet", "topics": ["peace-talks"]}
    write(labels, PEACE, WEATHER, {**PEACE, "topics": []}, missed)
    result = newsmon(
        folder,
        "evaluate",
        str(labels),
        "--json",
        "--topic",
        "peace-talks",
        "--topic",
        "territory",
        "--topic",
        "peace-talks",
    )
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "peace-talks": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "tp": 1, "fp": 1, "fn": 1},
        "territory": {"precision": None, "recall": None, "f1": None, "tp": 0, "fp": 0, "fn": 0},
    }
    everything = json.loads(newsmon(folder, "evaluate", str(labels), "--json").stdout)
    assert len(everything) == 8


def test_a_person_sees_figures_and_the_reason_of_each_mistake(folder: Path, labels: Path) -> None:
    write(labels, PEACE, {**PEACE, "topics": []}, {"title": "Ukraine: envoys meet", "topics": ["peace-talks"]})
    shown = newsmon(folder, "evaluate", str(labels), "--topic", "peace-talks", "--topic", "territory").stdout
    lines = [line.split() for line in shown.splitlines()]
    assert ["peace-talks", "0.500", "0.500", "0.500", "1", "1", "1"] in lines
    assert ["territory", "–", "–", "–", "0", "0", "0"] in lines
    assert "no text is labelled territory" in shown
    assert "peace-talks: 1 false positive\n+ *Ukraine* and *Russia* begin *peace talks*" in shown
    assert "2025-02-24 00:00 UTC · line 2" in shown
    assert "because " in shown
    assert "missing " in shown
    cut = newsmon(folder, "evaluate", str(labels), "--topic", "peace-talks", "--limit", "0").stdout
    assert cut.count("… and 1 more (--limit 1 shows all)") == 2


def test_a_label_that_is_no_topic_is_left_out_and_said(folder: Path, labels: Path) -> None:
    write(labels, {**PEACE, "topics": ["peace-talks", "peace-talk"]})
    result = newsmon(folder, "evaluate", str(labels), "--json", "--topic", "peace-talks")
    assert json.loads(result.stdout)["peace-talks"]["recall"] == 1.0
    assert result.stderr == (
        f"{labels}: 1 text labelled `peace-talk`, which is no topic here; did you mean `peace-talks`?; that label is left out\n"
    )


@pytest.mark.parametrize(
    ("lines", "words", "told"),
    [
        (["{\n"], (), "labels.jsonl:1: expected a JSON object: "),
        ([PEACE, {"title": "x"}], (), "labels.jsonl:2: expected `topics`, a list of topic ids"),
        ([{"topics": []}], (), "labels.jsonl:1: expected a title or a summary"),
        ([PEACE, "{\n", "[]\n"], (), "labels.jsonl: 2 lines cannot be read, so nothing is measured"),
        (["\n"], (), "labels.jsonl: no labelled texts"),
        ([PEACE], ("--topic", "peace-talk"), "there is no topic `peace-talk`; did you mean `peace-talks`?"),
    ],
)
def test_refusals(folder: Path, labels: Path, lines: list[object], words: tuple[str, ...], told: str) -> None:
    write(labels, *lines)
    result = newsmon(folder, "evaluate", str(labels), "--json", *words)
    assert (result.exit_code, result.stdout, told in result.stderr) == (2, "", True), result.stderr


def test_a_file_that_is_not_there(folder: Path, labels: Path) -> None:
    result = newsmon(folder, "evaluate", str(labels))
    assert (result.exit_code, result.stderr) == (2, f"newsmon: {labels}: No such file or directory\n")


def test_without_a_folder_the_shipped_topics_are_measured(
    labels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(labels, PEACE)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["evaluate", str(labels), "--json"])
    assert (result.exit_code, json.loads(result.stdout)["peace-talks"]["tp"]) == (0, 1)
    assert "these are the shipped topics" in result.stderr
