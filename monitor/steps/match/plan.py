"""plan: the tree of a query out of which entities and spellings are resolved, ready to be looked up in an item."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

from monitor.model.topic import Entity, Escalation, Topic
from monitor.steps.match.grammar import parse_query
from monitor.steps.match.tree import (
    And,
    EntityName,
    Exact,
    Fielded,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Word,
    entity_names,
    print_query,
)
from monitor.text.tokens import is_unspaced, tokenize

UNFIELDED = ("title", "summary")  # where a term looks that names no field
_VERSION_BYTES = 6
_PLURAL_CHARS_MIN = 3
_HISSING = re.compile(r"(?:s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What may stand in one place of the text: one of these folded words, words as written, or beginnings of folded words."""

    words: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()


# The parts of a plan. Each is its own identity: parts that several topics share are looked up once per item.


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """Any of these: one word of `single`, or one of the `phrases`, its places adjacent and in this order."""

    clause: str
    fields: tuple[str, ...]
    single: Place
    phrases: tuple[tuple[Place, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Close:
    """`anchor` and `other` with at most `words` words between. Only `other` may hold All."""

    clause: str
    fields: tuple[str, ...]
    words: int
    anchor: "Plan"
    other: "Plan"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class All:
    clause: str
    parts: tuple["Plan", ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Any:
    clause: str
    parts: tuple["Plan", ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Without:
    clause: str
    part: "Plan"


Plan: TypeAlias = Search | Close | All | Any | Without


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Compiled topics: `plans[i]` is the query of `topics[i]`, `escalations[i]` are those of its escalations."""

    topics: tuple[Topic, ...]
    plans: tuple[Plan, ...]
    escalations: tuple[tuple[Plan, ...], ...]


def compile_topics(topics: Sequence[Topic], entities: Sequence[Entity]) -> Topics:
    """Compiles all queries together, so that an item is read once for all of them.

    Raises:
        QueryError: of the first wrong query; a note names its topic.
    """
    named = {entity.name: entity for entity in entities}
    compiler = _Compiler(named)
    plans: list[Plan] = []
    escalations: list[tuple[Plan, ...]] = []
    for topic in topics:
        queries = (topic.query, *(escalation.query for escalation in topic.escalations))
        try:
            plan, *louder = (compiler.plan(parse_query(query, named), UNFIELDED) for query in queries)
        except ValueError as error:
            error.add_note(f"in the query of the topic {topic.id}")
            raise
        plans.append(plan)
        escalations.append(tuple(louder))
    return Topics(topics=tuple(topics), plans=tuple(plans), escalations=tuple(escalations))


def query_version(query: str, entities: Mapping[str, Entity], escalations: Sequence[Escalation] = ()) -> str:
    """Twelve hex digits that change whenever the query, one that escalates it, or a spelling of an entity in them does; not with blanks.

    Raises:
        QueryError: as `parse_query` does.
    """
    nodes = [parse_query(query, entities)]
    lines = [print_query(nodes[0])]
    for escalation in escalations:
        nodes.append(parse_query(escalation.query, entities))
        lines += [escalation.severity, print_query(nodes[-1])]
    for name in sorted(frozenset[str]().union(*map(entity_names, nodes))):
        lines += [f"@{name}", *sorted(set(entities[name].spellings))]
    return blake2b("\n".join(lines).encode(errors="surrogatepass"), digest_size=_VERSION_BYTES).hexdigest()


class _Compiler:
    """Trees in, plans out; equal leaves of all queries become one part."""

    def __init__(self, entities: Mapping[str, Entity]) -> None:
        self._entities = entities
        self._leaves: dict[tuple[Node, tuple[str, ...]], Search] = {}

    def plan(self, node: Node, fields: tuple[str, ...]) -> Plan:
        clause = print_query(node)
        match node:
            case Fielded():
                return self.plan(node.part, (node.name,))
            case Not():
                return Without(clause=clause, part=self.plan(node.part, fields))
            case And():
                return All(clause=clause, parts=tuple(self.plan(part, fields) for part in node.parts))
            case Or():
                return Any(clause=clause, parts=tuple(self.plan(part, fields) for part in node.parts))
            case Near():
                left, right = self.plan(node.left, fields), self.plan(node.right, fields)
                anchor, other = (right, left) if holds_all(left) else (left, right)
                return Close(clause=clause, fields=fields, words=node.words, anchor=anchor, other=other)
            case _:
                return self._leaf(node, fields)

    def _leaf(self, node: Word | Exact | Prefix | Phrase | EntityName, fields: tuple[str, ...]) -> Search:
        known = self._leaves.get((node, fields))
        if known is None:
            known = self._leaves[node, fields] = _search(print_query(node), fields, self._spelled(node))
        return known

    def _spelled(self, node: Word | Exact | Prefix | Phrase | EntityName) -> Iterable[tuple[Place, ...]]:
        match node:
            case Word() | Phrase():
                return _places(node.text)
            case Prefix():
                return _places(f"{node.text}*")
            case Exact():
                return _exact_places(node.text)
            case EntityName():
                return [places for spelling in self._entities[node.name].spellings for places in _spelling(spelling)]


def holds_all(plan: Plan) -> bool:
    """Whether an operand of NEAR asks for several things at once."""
    return isinstance(plan, All) or (isinstance(plan, Any) and any(map(holds_all, plan.parts)))


def _search(clause: str, fields: tuple[str, ...], alternatives: Iterable[tuple[Place, ...]]) -> Search:
    known = list(alternatives)
    single = [places[0] for places in known if len(places) == 1]
    return Search(
        clause=clause,
        fields=fields,
        single=Place(
            words=frozenset[str]().union(*(place.words for place in single)),
            exact=frozenset[str]().union(*(place.exact for place in single)),
            prefixes=tuple(sorted({prefix for place in single for prefix in place.prefixes})),
        ),
        phrases=tuple(places for places in known if len(places) > 1),
    )


def _spelling(spelling: str) -> Iterable[tuple[Place, ...]]:
    return _exact_places(spelling[1:]) if spelling.startswith("=") else _places(spelling)


def _exact_places(text: str) -> list[tuple[Place, ...]]:
    return [tuple(Place(exact=frozenset({word.exact})) for word in tokenize(text).words)]


def _places(text: str) -> list[tuple[Place, ...]]:
    """The words of a text, each in its place; once more with compounds written as one word, if there are any."""
    apart: list[Place] = []
    joined: list[Place] = []
    for piece in text.split():
        words = [word for word in tokenize(piece.removesuffix("*")).words if word.key]
        starred = piece.endswith("*") and not is_unspaced(words[-1].exact)
        keys = [word.key for word in words]
        apart += [*map(_word, keys[:-1]), *(_prefix(key) if starred else _word(key) for key in keys[-1:])]
        compound = len(keys) > 1 and not any(is_unspaced(word.exact) for word in words)
        whole = ["".join(keys)] if compound else keys
        joined += [*map(_word, whole[:-1]), *(_prefix(key) if starred else _word(key) for key in whole[-1:])]
    return [tuple(apart)] if len(joined) == len(apart) else [tuple(apart), tuple(joined)]


def _prefix(key: str) -> Place:
    return Place(prefixes=(key,))


def _word(key: str) -> Place:
    """A word finds itself and its English plural; the possessive is folded away in the text already."""
    return Place(words=frozenset({key, *_plurals(key)}))


def _plurals(key: str) -> tuple[str, ...]:
    if len(key) < _PLURAL_CHARS_MIN or not (key.isascii() and key.isalpha()):
        return ()
    if _CONSONANT_Y.search(key):
        return (f"{key[:-1]}ies", f"{key}s")  # Kennedy's family are the Kennedys
    if key.endswith("man"):
        return (f"{key[:-3]}men", f"{key}s")
    if key.endswith("o"):
        return (f"{key}s", f"{key}es")
    return (f"{key}es",) if _HISSING.search(key) else (f"{key}s",)
