"""document: the text of one YAML file in, its values with their places out; or the problem that forbids reading it.

Scalars are read by the core schema of YAML 1.2 (section 10.3.2), so that `no`, `on`, `12:30` and `2025-02-24` stay text.
Only the events of the YAML parser are used: no tag constructs an object, and every bound is checked while reading.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from monitor.config.problems import KeyPath, Problem, spell_key

FILE_BYTES_MAX = 5 * 2**20
NODES_MAX = 500_000  # of one file, each alias counted with all that it stands for
DEPTH_MAX = 20

ScalarValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """A single value. Lines count from 1, columns from 0."""

    line: int
    column: int = 0
    value: ScalarValue
    block: bool = False  # written as `|` or `>`: the text begins on the next line
    quoted: bool = False
    from_environment: bool = False  # holds the value of a variable, which is never shown
    written: str = ""  # the text that named the variable


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    line: int
    items: list["Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    line: int
    entries: dict[str, "Entry"] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A value of a mapping, with the line of its key."""

    line: int
    node: Node


class UnreadableError(Exception):
    """The file cannot be read as values at all."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The values of one file; `text` is kept to point into it."""

    file: Path
    text: str
    root: Node

    def find(self, path: KeyPath) -> tuple[KeyPath, int, Node]:
        """As far as `path` leads: the steps that exist, the line of the last key or list entry, and the value there.

        A step that is not there is passed over, so that the path of a missing key leads to the mapping that lacks it.
        """
        node, line, taken = self.root, self.root.line, []
        for step in path:
            if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
                entry = node.entries[step]
                node, line = entry.node, entry.line
            elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
                node = node.items[step]
                line = node.line
            else:
                continue
            taken.append(step)
        return tuple(taken), line, node

    def problem(self, path: KeyPath, message: str) -> Problem:
        """A problem of the value at `path`, which exists."""
        taken, line, _ = self.find(path)
        return Problem(file=self.file, line=line, key=spell_key(taken), message=message)

    def position(self, path: KeyPath, offset: int) -> tuple[int, int] | None:
        """Line (from 1) and column (from 0) in the file of the character at `offset` of the text at `path`.

        None where the file spells the text otherwise: quoted with escapes, or from the environment. Plain and block
        scalars differ from their value in white space only, so the characters that are none are counted.
        """
        node = self.find(path)[2]
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or node.from_environment:
            return None
        lines = self.text.splitlines()
        if node.quoted:
            begin = node.column + 1
            as_written = lines[node.line - 1][begin : begin + len(node.value)] == node.value
            return (node.line, begin + offset) if as_written else None
        before = len("".join(node.value[:offset].split()))
        at_end = not node.value[offset:].strip()
        left = before - at_end  # at the end: the place after the last character
        first, column = (node.line, 0) if node.block else (node.line - 1, node.column)
        for number, line in enumerate(lines[first:], start=first):
            for index in range(column if number == first else 0, len(line)):
                if line[index].isspace():
                    continue
                if left == 0:
                    return number + 1, index + at_end
                left -= 1
        return None


def plain(node: Node) -> object:
    """The value without its places: text, numbers, dicts, and tuples for lists."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return tuple(plain(item) for item in node.items)
    return {key: plain(entry.node) for key, entry in node.entries.items()}


def read_document(file: Path, data: bytes) -> Document:
    """Read the bytes of `file`. Raises `UnreadableError`."""
    if len(data) > FILE_BYTES_MAX:
        raise UnreadableError(Problem(file=file, message=f"larger than {FILE_BYTES_MAX // 2**20} MiB"))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UnreadableError(
            Problem(file=file, line=line, message="not UTF-8; save the file in that encoding")
        ) from error
    if found := _FORBIDDEN.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = f"the control character U+{ord(found[0]):04X} cannot stand in YAML"
        raise UnreadableError(Problem(file=file, line=line, message=message))
    try:
        root = _Reader(file).read(text)
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(_explain(file, text, error)) from error
    return Document(file=file, text=text, root=root)


_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # YAML 1.2, section 5.1
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times faster; not every build has it

# Longer numbers than these stay text: no setting is that large, and reading them costs time.
_INT = re.compile(r"[-+]?[0-9]{1,18}|0o[0-7]{1,18}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,18}|[0-9]{1,18}(\.[0-9]{0,18})?)([eE][-+]?[0-9]{1,2})?")
_WORDS: dict[str, ScalarValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def _resolve(text: str) -> ScalarValue:
    """What an unquoted scalar is."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _explain(file: Path, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    lines = text.split("\n")
    written = lines[line] if line < len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        message = "a tab; YAML is indented with spaces"
    else:
        message = ": ".join(part for part in (error.context, error.problem) if part) or "not YAML"
    if error.context_mark and error.context_mark.line != line:
        message += f" (it begins in line {error.context_mark.line + 1})"
    return Problem(file=file, line=line + 1, message=message)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read, with the key that waits for its value."""

    node: Sequence | Mapping
    path: KeyPath
    anchor: str | None
    nodes_before: int
    key: str | None = None
    key_line: int = 0


class _Reader:
    """Events in, the root value out."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}  # the value, and how many values it holds
        self._nodes = 0
        self._documents = 0
        self._root: Node | None = None

    def read(self, text: str) -> Node:
        for event in yaml.parse(text, Loader=_LOADER):
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column) if mark else (0, 0)
            if isinstance(event, yaml.DocumentStartEvent):
                self._documents += 1
                if self._documents > 1:
                    raise self._refuse(line, "a second document (`---`); one file holds one")
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event.anchor or "", line)
            elif isinstance(event, yaml.ScalarEvent):
                self._scalar(event, line, column)
            elif isinstance(event, yaml.CollectionStartEvent):
                self._begin(event, line)
            elif isinstance(event, yaml.CollectionEndEvent):
                self._end()
        if self._root is None or (isinstance(self._root, Scalar) and self._root.value is None):
            raise UnreadableError(
                Problem(file=self._file, message="empty; write `{}` where everything shall take its default")
            )
        return self._root

    def _scalar(self, event: yaml.ScalarEvent, line: int, column: int) -> None:
        self._untagged(event, line)
        value = _resolve(event.value) if event.implicit[0] else event.value
        node = Scalar(
            line=line,
            column=column,
            value=value,
            block=event.style in {"|", ">"},
            quoted=event.style in {"'", '"'},
        )
        if not self._take_key(node):
            self._add(node, event.anchor, 1)

    def _begin(self, event: yaml.CollectionStartEvent, line: int) -> None:
        self._untagged(event, line)
        if len(self._open) >= DEPTH_MAX:
            raise self._refuse(line, f"nested deeper than {DEPTH_MAX} levels")
        self._no_key_expected(line)
        node: Sequence | Mapping = (
            Sequence(line=line) if isinstance(event, yaml.SequenceStartEvent) else Mapping(line=line)
        )
        self._open.append(_Open(node=node, path=self._path(), anchor=event.anchor, nodes_before=self._nodes))

    def _end(self) -> None:
        done = self._open.pop()
        self._add(done.node, done.anchor, self._nodes - done.nodes_before + 1)

    def _alias(self, anchor: str, line: int) -> None:
        self._no_key_expected(line)
        if any(each.anchor for each in self._open):
            raise self._refuse(line, "an alias within an anchored value; they do not nest here")
        if anchor not in self._anchors:
            raise self._refuse(line, f"the alias `*{anchor}` has no anchor `&{anchor}` before it")
        node, size = self._anchors[anchor]
        self._nodes += size - 1
        self._add(node, None, size)

    def _add(self, node: Node, anchor: str | None, size: int) -> None:
        """Put a finished value where it belongs."""
        self._nodes += 1
        if self._nodes > NODES_MAX:
            raise self._refuse(node.line, f"more than {NODES_MAX} values, aliases counted with all that they stand for")
        if anchor is not None:
            self._anchors[anchor] = (node, size)
        if not self._open:
            self._root = node
            return
        parent = self._open[-1]
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
        elif parent.key is not None:
            parent.node.entries[parent.key] = Entry(line=parent.key_line, node=node)
            parent.key = None

    def _take_key(self, node: Scalar) -> bool:
        """Whether this scalar is a key rather than a value; then it waits for its value."""
        if not self._open:
            return False
        parent = self._open[-1]
        if not isinstance(parent.node, Mapping) or parent.key is not None:
            return False
        if not isinstance(node.value, str):
            raise self._refuse(node.line, "a key must be text; put it in quotes")
        if node.value == "<<":
            raise self._refuse(node.line, "merge keys (`<<`) are not supported")
        if node.value in parent.node.entries:
            first = parent.node.entries[node.value].line
            raise UnreadableError(
                Problem(
                    file=self._file,
                    line=node.line,
                    key=spell_key((*parent.path, node.value)),
                    message=f"this key is there twice, first in line {first}",
                )
            )
        parent.key, parent.key_line = node.value, node.line
        return True

    def _no_key_expected(self, line: int) -> None:
        if self._open and isinstance(self._open[-1].node, Mapping) and self._open[-1].key is None:
            raise self._refuse(line, "a key must be text")

    def _untagged(self, event: yaml.NodeEvent, line: int) -> None:
        if getattr(event, "tag", None) is not None:
            raise self._refuse(line, "tags (`!…`) are not supported")

    def _path(self) -> KeyPath:
        if not self._open:
            return ()
        parent = self._open[-1]
        step = len(parent.node.items) if isinstance(parent.node, Sequence) else parent.key
        return parent.path if step is None else (*parent.path, step)

    def _refuse(self, line: int, message: str) -> UnreadableError:
        return UnreadableError(Problem(file=self._file, line=line, key=spell_key(self._path()), message=message))
