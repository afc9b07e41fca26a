"""tree: a query as a tree of frozen nodes, and back to its text.

`at` is where the node begins in the text it was read from: for messages only, two trees are equal wherever they were written.
"""

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """`word`: the word in any case, its English plural and possessive too. A word of several parts (cease-fire) is a phrase."""

    text: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """`=Word`: this word in this case."""

    text: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """`negotiat*`: words that begin so; `text` is without the star."""

    text: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """`"peace talk*"`: words and prefixes in this order, adjacent; `text` is without the quotes."""

    text: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityName:
    """`@name`: any spelling of that entity."""

    name: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fielded:
    """`title:term`, `title:(...)`: only in that field."""

    name: str
    part: "Node"
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """`feed:bbc-world`, `publisher:"New York Times"`, `lang:en`, `tag:wire`: by value, not by words."""

    name: str
    value: str
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """`NOT A`."""

    part: "Node"
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class And:
    """`A AND B`, or `A B`."""

    parts: tuple["Node", ...]
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Or:
    """`A OR B`."""

    parts: tuple["Node", ...]
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """`ATLEAST/2 (A, B, C)`: at least `count` of them."""

    count: int
    parts: tuple["Node", ...]
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """`A NEAR/8 B`: at most `words` words between, in either order, in one field."""

    words: int
    left: "Node"
    right: "Node"
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """`A BEFORE/8 B`: as NEAR, and in this order."""

    words: int
    left: "Node"
    right: "Node"
    at: int = field(default=0, compare=False, repr=False)


Term: TypeAlias = Word | Exact | Prefix | Phrase | EntityName
Node: TypeAlias = Term | Fielded | Filter | Not | And | Or | AtLeast | Near | Before


def print_query(node: Node) -> str:
    """The query text that reads as this tree: `parse_query(print_query(node), ...) == node`."""
    match node:
        case Word():
            text = node.text
        case Exact():
            text = f"={node.text}"
        case Prefix():
            text = f"{node.text}*"
        case Phrase():
            text = _quoted(node.text)
        case EntityName():
            text = f"@{node.name}"
        case Fielded():
            text = f"{node.name}:{_bracketed(node.part, And, Or, Near, Before, Not)}"
        case Filter():
            text = f"{node.name}:{node.value}" if _is_bare(node.value) else f"{node.name}:{_quoted(node.value)}"
        case _:
            text = _print_operator(node)
    return text


def _print_operator(node: Not | And | Or | AtLeast | Near | Before) -> str:
    match node:
        case Not():
            text = f"NOT {_bracketed(node.part, And, Or)}"
        case And():
            text = " AND ".join(_bracketed(part, And, Or) for part in node.parts)
        case Or():
            text = " OR ".join(_bracketed(part, Or) for part in node.parts)
        case AtLeast():
            text = f"ATLEAST/{node.count} ({', '.join(map(print_query, node.parts))})"
        case Near() | Before():
            operator = "NEAR" if isinstance(node, Near) else "BEFORE"
            operands = (_bracketed(part, And, Or, Near, Before, Not) for part in (node.left, node.right))
            text = f" {operator}/{node.words} ".join(operands)
    return text


def parts_of(node: Node) -> tuple[Node, ...]:
    """What a node is made of, in the order of the text."""
    match node:
        case Fielded() | Not():
            return (node.part,)
        case And() | Or() | AtLeast():
            return node.parts
        case Near() | Before():
            return (node.left, node.right)
        case _:
            return ()


def entity_names(node: Node) -> frozenset[str]:
    """The names of all entities in a query."""
    if isinstance(node, EntityName):
        return frozenset({node.name})
    return frozenset[str]().union(*map(entity_names, parts_of(node)))


def filters_of(node: Node) -> tuple[Filter, ...]:
    """The filters of a query, in the order of the text."""
    if isinstance(node, Filter):
        return (node,)
    return tuple(found for part in parts_of(node) for found in filters_of(part))


def _bracketed(node: Node, *kinds: type) -> str:
    text = print_query(node)
    return f"({text})" if isinstance(node, kinds) else text


def _quoted(text: str) -> str:
    """In quotes that do not stand within the text: only guillemets go around straight ones."""
    return f"«{text}»" if '"' in text else f'"{text}"'


def _is_bare(value: str) -> bool:
    """Whether a value can stand without quotes: it reads as one word there, and as no operator."""
    return value.replace("-", "").isalnum() and value[0] != "-" and value.upper() not in {"AND", "OR", "NOT"}
