"""environment: values that name variables (`${NAME}`) in, the same values with the variables' contents out.

`${NAME:-text}` is `text` where the variable is not set, or empty, as in a shell and in Compose. `$${` stands for the
characters `${`. What may come from a variable is marked, so that no message shows it.
"""

import re
from collections.abc import Mapping as Variables
from dataclasses import replace

from monitor.config.document import Document, Entry, Mapping, Node, Scalar, Sequence
from monitor.config.problems import ConfigError, KeyPath, Problem
from monitor.text.redact import VARIABLE

_REFERENCE = re.compile(VARIABLE.pattern + r"|\$\{")


def fill(document: Document, environ: Variables[str, str]) -> Document:
    """Raises `ConfigError` with every variable that is not set."""
    problems: list[Problem] = []
    root = _fill(document, document.root, (), environ, problems)
    if problems:
        raise ConfigError(problems)
    return replace(document, root=root)


def _fill(document: Document, node: Node, path: KeyPath, environ: Variables[str, str], problems: list[Problem]) -> Node:
    if isinstance(node, Mapping):
        entries = {
            key: Entry(line=entry.line, node=_fill(document, entry.node, (*path, key), environ, problems))
            for key, entry in node.entries.items()
        }
        return Mapping(line=node.line, entries=entries)
    if isinstance(node, Sequence):
        items = [_fill(document, item, (*path, i), environ, problems) for i, item in enumerate(node.items)]
        return Sequence(line=node.line, items=items)
    if not isinstance(node.value, str) or "${" not in node.value:
        return node

    def content(found: re.Match[str]) -> str:
        name, otherwise = found[1], found[2]
        if found[0] == "$${":
            return "${"
        if name is None:
            problems.append(
                document.problem(path, "`${` begins the name of a variable; write `$${` for the characters")
            )
        elif otherwise is not None:
            return environ.get(name) or str(otherwise)
        elif name not in environ:
            problems.append(document.problem(path, f"the environment variable {name} is not set"))
        elif not environ[name]:
            problems.append(document.problem(path, f"the environment variable {name} is empty"))
        return environ.get(name or "", "")

    return _filled(node, _REFERENCE.sub(content, node.value))


def _filled(node: Scalar, value: str) -> Scalar:
    return replace(node, value=value, from_environment=True, written=str(node.value))
