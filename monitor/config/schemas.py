"""schemas: the configuration models in, JSON Schemas for editors out. `python -m monitor.config.schemas [--check]`."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from monitor.config.alerts import AlertsFile
from monitor.config.feeds import FeedsFile, FirstPollRule
from monitor.config.load import shipped
from monitor.config.section import Section
from monitor.config.settings import SettingsFile
from monitor.config.topics import TopicsFile
from monitor.config.units import spell_duration
from monitor.model.settings import Listen

FILES: dict[str, type[Section]] = {
    "settings": SettingsFile,
    "feeds": FeedsFile,
    "topics": TopicsFile,
    "alerts": AlertsFile,
}


class _Generate(GenerateJsonSchema):
    """As pydantic does it; but a key that may be left out may not be null, as the loader refuses that as well."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None or isinstance(schema["default"], Section):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:
        """A default as it would be written in the file."""
        match dft:
            case timedelta():
                return spell_duration(dft)
            case Listen():
                return f"{dft.host}:{dft.port}"
            case FirstPollRule():
                return dft.kind.value
            case tuple():
                return [self.encode_default(each) for each in dft]
            case _:
                return super().encode_default(dft)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 -- a title that repeats the key tells nothing
        return False


def generate() -> dict[str, str]:
    """The text of every schema by the name of its file."""
    return {f"{name}.schema.json": _text(name, model) for name, model in FILES.items()}


def _text(name: str, model: type[Section]) -> str:
    schema: dict[str, Any] = {
        "$schema": GenerateJsonSchema.schema_dialect,
        **model.model_json_schema(schema_generator=_Generate),
        "title": f"newsmon: {name}",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def drift(folder: Path) -> list[str]:
    """The names of the schemas in `folder` that are missing or not what the models say now."""
    return [
        name
        for name, text in generate().items()
        if not (folder / name).is_file() or (folder / name).read_text("utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    folder = shipped() / "schemas"
    if arguments == ["--check"]:
        stale = drift(folder)
        if stale:
            sys.stderr.write(f"{folder}: out of date: {', '.join(stale)}; run `make docs`\n")
        return 1 if stale else 0
    if arguments:
        sys.stderr.write("usage: python -m monitor.config.schemas [--check]\n")
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in generate().items():
        (folder / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
