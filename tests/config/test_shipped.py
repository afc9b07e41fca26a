"""The configuration in the box: valid without a warning, and complete enough to learn from."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel

from monitor.config import load, shipped
from monitor.config.settings import SettingsFile

Write = Callable[[Mapping[str, str | bytes | None]], Path]


def test_the_shipped_configuration_is_valid_and_beyond_doubt() -> None:
    assert load(shipped(), {}).warnings == ()


def test_the_shipped_settings_are_the_defaults(write: Write) -> None:
    ours = load(shipped(), {}).settings
    bare = load(write({"settings.yaml": "{}\n"}), {}).settings
    assert {name: getattr(ours, name) for name in ours.__slots__ if name != "database"} == {
        name: getattr(bare, name) for name in bare.__slots__ if name != "database"
    }
    assert ours.database == shipped() / "newsmon.sqlite"


def keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from keys(field.annotation)


def test_every_setting_stands_in_the_shipped_settings() -> None:
    text = (shipped() / "settings.yaml").read_text("utf-8")
    assert [key for key in keys(SettingsFile) if not re.search(rf"^ *(# )?{key}:", text, re.MULTILINE)] == []


def test_the_shipped_feeds_are_of_many_publishers_and_languages() -> None:
    feeds = load(shipped(), {}).feeds
    assert len({feed.publisher for feed in feeds}) >= 20
    assert {feed.lang for feed in feeds} >= {"en", "de", "pl"}
    assert [feed.id for feed in feeds if feed.aggregator] == ["google-news"]
    assert [feed.id for feed in feeds if not feed.url.startswith("https://") or feed.allow_private] == []


@pytest.mark.parametrize("name", ["settings", "feeds", "alerts", "topics"])
def test_editors_find_the_schema(name: str) -> None:
    files = sorted((shipped() / "topics").glob("*.yaml")) if name == "topics" else [shipped() / f"{name}.yaml"]
    for file in files:
        hint = file.read_text("utf-8").splitlines()[0]
        path = re.fullmatch(r"# yaml-language-server: \$schema=(.*)", hint)
        assert path, hint
        assert (file.parent / path[1]).resolve() == (shipped() / "schemas" / f"{name}.schema.json").resolve()
