"""sense: trees that are of the language, but cannot be meant so: refused with their place and what to write instead."""

from dataclasses import replace

from monitor.steps.match.complaint import QueryError
from monitor.steps.match.tree import (
    And,
    AtLeast,
    Before,
    Fielded,
    Filter,
    Near,
    Node,
    Not,
    Or,
    Word,
    parts_of,
    print_query,
)

_ONE_IS_ENOUGH = "a group has a place only if one of its words is enough"
_HINT_CHARS_MAX = 400


def check_sense(node: Node, text: str) -> None:
    """Refuses a query that could match everything. Raises QueryError."""
    blind = _blind(node)
    if isinstance(blind, Filter):
        message = f"“{print_query(blind)}” alone holds for everything in that language"
        hint = f"say what an item must be about, too: {print_query(blind)} AND (ceasefire OR truce)"
        raise QueryError(message, text=text, offset=blind.at, hint=hint)
    if blind is not None:
        message = "this holds for every item that has none of the query's words"
        hint = "each alternative needs something that must occur: A AND NOT B"
        raise QueryError(message, text=text, offset=blind.at, hint=hint)


def check_operands(node: Near | Before, text: str) -> None:
    """Refuses operands that have no place in a text, or not one. Raises QueryError."""
    name = "NEAR" if isinstance(node, Near) else "BEFORE"
    for operand, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(operand, And):
            raise _of_and(operand, other, node, text)
        for part in _below(operand):
            if (found := _unplaced(part, name)) is not None:
                message, hint = found
                raise QueryError(message, text=text, offset=part.at, hint=hint)
        if isinstance(node, Before) and (group := _unordered(operand)) is not None:
            message = "BEFORE needs to know what comes first, and this group has no order"
            hint = "write A NEAR/8 (B BEFORE/3 C); around BEFORE stand words, phrases, entities, or several of them with OR"
            raise QueryError(message, text=text, offset=group.at, hint=hint)


def _of_and(operand: And, other: Node, node: Near | Before, text: str) -> QueryError:
    """The slip that is made most: what was meant is spelled out."""
    name = "NEAR" if isinstance(node, Near) else "BEFORE"
    pairs = ((part, other) if operand is node.left else (other, part) for part in operand.parts)
    each = " AND ".join(print_query(replace(node, left=left, right=right)) for left, right in pairs)
    either = print_query(Or(parts=operand.parts))
    hint = f"if one of them is enough, write ({either}); if all must be near, write {each}"
    if all(isinstance(part, Word) for part in operand.parts):
        row = " ".join(map(print_query, operand.parts))
        hint += f'; for words in a row, write "{row}"'
    message = f"{name} cannot take AND: {_ONE_IS_ENOUGH}"
    return QueryError(
        message,
        text=text,
        offset=operand.at,
        hint=hint if len(hint) <= _HINT_CHARS_MAX else f"write OR here, or {name} once for each",
    )


def _below(node: Node) -> list[Node]:
    """A node and what it is made of. What other NEARs hold was checked with them."""
    if isinstance(node, Near | Before):
        return [node]
    return [node, *(each for part in parts_of(node) for each in _below(part))]


def _unplaced(node: Node, name: str) -> tuple[str, str] | None:
    match node:
        case And():
            return f"{name} cannot take AND: {_ONE_IS_ENOUGH}", f"write OR here, or {name} once for each"
        case AtLeast():
            return f"{name} cannot take ATLEAST: it has no place in the text", f"join them with AND instead of {name}"
        case Not():
            return f"{name} cannot take NOT", f"write (A {name}/8 B) AND NOT C"
        case Fielded():
            return f"{name} looks within one field anyway", f"write title:(A {name}/8 B) to look in the title only"
        case Filter():
            message = f"{name} cannot take “{node.name}:”, which is no word of the text"
            return message, f"write (A {name}/8 B) AND {print_query(node)}"
        case _:
            return None


def _unordered(node: Node) -> Node | None:
    """The part of an operand of BEFORE that has no first and no last word; a BEFORE as the operand itself has."""
    match node:
        case Near():
            return node
        case Or():
            return next((each for each in _below(node) if isinstance(each, Near | Before)), None)
        case _:
            return None


def _blind(node: Node, *, holds: bool = True) -> Node | None:
    """The part because of which a query holds (or else does not hold) for a text that has none of its words.

    A language is no word and may be either: with and without NOT it divides all texts in two.
    """
    found: Node | None = None
    match node:
        case Filter():
            # A feed or a publisher may be worth reading whole; nobody asks for all others.
            found = node if not holds or node.name == "lang" else None
        case Not():
            found = node if _blind(node.part, holds=not holds) is not None else None
        case And() | Or() | AtLeast() | Fielded():
            parts = parts_of(node)
            blind = [each for part in parts if (each := _blind(part, holds=holds)) is not None]
            enough = len(parts) if isinstance(node, And) else node.count if isinstance(node, AtLeast) else 1
            enough = enough if holds else len(parts) - enough + 1
            found = blind[0] if len(blind) >= enough else None
        case _:
            found = None if holds else node
    return found
