"""The JSON Schemas beside the shipped files are those of the models, and drift is told."""

from pathlib import Path

import pytest

from monitor.config import schemas, shipped


def test_the_shipped_schemas_are_fresh() -> None:
    assert schemas.drift(shipped() / "schemas") == []


def test_written_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schemas, "shipped", lambda: tmp_path)
    folder = tmp_path / "schemas"
    assert schemas.main(["--check"]) == 1
    assert schemas.main([]) == 0
    assert schemas.main(["--check"]) == 0
    (folder / "feeds.schema.json").write_text("{}\n")
    (folder / "alerts.schema.json").unlink()
    capsys.readouterr()
    assert schemas.main(["--check"]) == 1
    assert capsys.readouterr().err == f"{folder}: out of date: feeds.schema.json, alerts.schema.json; run `make docs`\n"
    assert schemas.main(["--chek"]) == 2


def test_no_schema_allows_null() -> None:
    assert [name for name, text in schemas.generate().items() if '"null"' in text] == []
