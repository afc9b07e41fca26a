"""section: a document and the pydantic model that it should follow in, the checked model out; or problems in plain words."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.config.document import Document, Mapping, Node, Scalar, Sequence, plain
from monitor.config.problems import ConfigError, KeyPath, Problem, nearest, spell_key
from monitor.model.severity import Severity


class Section(BaseModel):
    """What every mapping of the configuration is: known keys only, no value bent into another type, never changed."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )


AnySection = TypeVar("AnySection", bound=Section)

SeverityWord = Annotated[Severity, Field(strict=False)]  # written as its word


def follow(model: type[AnySection], document: Document) -> AnySection:
    """Raises `ConfigError` with every problem of the document."""
    unwritten = [document.problem(path, "no value; write one, or leave the key out") for path in _nulls(document.root)]
    if unwritten:
        raise ConfigError(unwritten)
    try:
        return model.model_validate(plain(document.root))
    except ValidationError as error:
        problems = [_translate(model, document, each) for each in error.errors(include_url=False, include_input=False)]
    raise ConfigError(problems)  # outside the except: the library's error, which holds the values, is left behind


def _nulls(node: Node, path: KeyPath = ()) -> Iterator[KeyPath]:
    if isinstance(node, Mapping):
        for key, entry in node.entries.items():
            yield from _nulls(entry.node, (*path, key))
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from _nulls(item, (*path, index))
    elif node.value is None:
        yield path


def _translate(model: type[Section], document: Document, error: Any) -> Problem:
    path, line, node = document.find(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    if kind == "missing":
        missing = error["loc"][-1]
        return Problem(file=document.file, line=line, key=spell_key((*path, missing)), message="this key is missing")
    if kind == "extra_forbidden":
        message = "unknown key" + nearest(str(path[-1]), _keys_at(model, path[:-1]))
    elif kind == "value_error":
        message = str(context["error"])
    elif kind in {"enum", "literal_error"}:
        words = re.findall(r"'([^']*)'", context["expected"])
        written = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        message = f"expected one of {', '.join(words)}" + nearest(written, words).partition("; known")[0]
    elif kind in _BOUNDS:
        message = _BOUNDS[kind].format(**context)
    elif kind in _TYPES:
        expected, kinds_of_list = _TYPES[kind]
        message = f"expected {expected}, found {_kind(node)}"
        if kind == "string_type" and isinstance(node, Scalar):
            message += "; put it in quotes"
        if kinds_of_list and isinstance(node, Scalar):
            message += "; write [a, b]"
    else:
        message = error["msg"]
    return Problem(file=document.file, line=line, key=spell_key(path), message=message)


_TYPES = {  # what was expected, and whether that is a list
    "string_type": ("text", False),
    "int_type": ("a whole number", False),
    "bool_type": ("true or false", False),
    "tuple_type": ("a list", True),
    "dict_type": ("a mapping of keys to values", False),
    "model_type": ("a mapping of keys to values", False),
    "model_attributes_type": ("a mapping of keys to values", False),
}
_BOUNDS = {
    "greater_than_equal": "expected {ge} or more",
    "less_than_equal": "expected {le} or less",
    "too_short": "expected {min_length} or more entries",
    "too_long": "expected {max_length} or fewer entries",
    "string_too_short": "expected {min_length} or more characters",
    "string_too_long": "expected {max_length} or fewer characters",
}


def _kind(node: Node) -> str:
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    if isinstance(node.value, bool):
        return "true or false"
    return "text" if isinstance(node.value, str) else "a number"


def _keys_at(model: type[Section], path: KeyPath) -> list[str]:
    """The keys of the model that stands at `path` within `model`."""
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            model = _section_of(model.model_fields[step].annotation) or model
    return list(model.model_fields)


def _section_of(annotation: Any) -> type[Section] | None:
    """The model in `Section`, `Section | None` or `tuple[Section, ...]`."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, Section):
            return part
    return None
