"""units: spans of time as people write them (`90s`, `5m`, `1h30m`, `7d`) in, timedeltas out, and back."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_DURATION = r"(?=\d)(?:\d{1,7}d)?(?:\d{1,7}h)?(?:\d{1,7}m(?!s))?(?:\d{1,7}s)?(?:\d{1,7}ms)?"
_PART = re.compile(r"(\d+)(ms|[dhms])")


def parse_duration(text: object) -> timedelta:
    """Read `text`; raises ValueError with what was expected."""
    if not isinstance(text, str) or not re.fullmatch(_DURATION, text, re.ASCII):
        raise ValueError("expected a duration with its unit, such as 90s, 5m, 2h, 7d or 1h30m")
    return sum((int(number) * _UNITS[unit] for number, unit in _PART.findall(text)), timedelta())


def spell_duration(span: timedelta) -> str:
    """The shortest text that `parse_duration` reads as `span`, to the millisecond."""
    spelled = ""
    for name, unit in _UNITS.items():
        count, span = divmod(span, unit)
        if count:
            spelled += f"{count}{name}"
    return spelled or "0s"


@dataclass(frozen=True, slots=True)
class Duration:
    """Marks a timedelta of a configuration model: written as above, between two bounds."""

    least: str
    most: str

    def read(self, text: object) -> timedelta:
        span = parse_duration(text)
        if not parse_duration(self.least) <= span <= parse_duration(self.most):
            raise ValueError(f"expected a duration from {self.least} to {self.most}")
        return span

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": f"^{_DURATION}$",
            "description": f"A duration from {self.least} to {self.most}.",
        }
