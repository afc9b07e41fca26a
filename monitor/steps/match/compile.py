"""compile: the text of a query in; the plan to evaluate it by, and the same clause by clause, out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from monitor.model.topic import Entity
from monitor.steps.match.evaluate import All, Any, Close, Either, From, Ordered, Placed, Plan, Search, Some, Without
from monitor.steps.match.grammar import parse_query
from monitor.steps.match.lexicon import Lexicon, Place
from monitor.steps.match.places import rows_of
from monitor.steps.match.reading import UNFIELDED, Reading
from monitor.steps.match.tree import (
    And,
    AtLeast,
    Before,
    EntityName,
    Exact,
    Fielded,
    Filter,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Term,
    Word,
    print_query,
)

Shared: TypeAlias = dict[tuple[str, frozenset[int], tuple[tuple[int, ...], ...]], Search]
"""Searches that several queries ask for, by what they look for."""

AnyPlan = TypeVar("AnyPlan", bound=Plan)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Query:
    """A compiled query: `plan` is quick to evaluate, `clauses` says the same as it was written, for explanations."""

    plan: Plan
    clauses: Plan
    alternatives: tuple[tuple[Plan, str], ...]  # what it can hold by, each with its text

    def clause(self, reading: Reading) -> str:
        """The first alternative that holds."""
        return next(text for plan, text in self.alternatives if plan.holds(reading))


class Compiler:
    """Trees in, plans out; equal terms of all queries become one part."""

    def __init__(self, entities: Mapping[str, Entity]) -> None:
        self.lexicon = Lexicon()
        self.fields: set[str] = set()
        self._entities = entities
        self._terms: dict[tuple[Node, str], Search] = {}
        self._shared: Shared = {}

    def query(self, text: str) -> Query:
        """Raises QueryError."""
        plan = self._plan(parse_query(text, self._entities), UNFIELDED)
        alternatives = plan.parts if isinstance(plan, Any) else (plan,)
        return Query(
            plan=_folded(plan, self._shared),
            clauses=plan,
            alternatives=tuple((each, print_query(each.node)) for each in alternatives),
        )

    def _plan(self, node: Node, scope: str) -> Plan:
        match node:
            case Fielded():
                self.fields.add(node.name)
                plan = self._plan(node.part, node.name)
                return plan if isinstance(plan, Search) else replace(plan, node=node)
            case Filter():
                return From(node=node, atom=self.lexicon.filter(node.name, node.value))
            case Not():
                return Without(node=node, part=self._plan(node.part, scope))
            case And() | Or() | AtLeast():
                parts = tuple(self._plan(part, scope) for part in node.parts)
                if isinstance(node, AtLeast):
                    return Some(node=node, count=node.count, parts=parts)
                return (All if isinstance(node, And) else Any)(node=node, parts=parts)
            case _:
                return self._placed(node, scope)

    def _placed(self, node: Node, scope: str) -> Placed:
        """Of what may stand in a NEAR. The grammar lets nothing else through."""
        match node:
            case Or():
                return Either(node=node, parts=tuple(self._placed(part, scope) for part in node.parts))
            case Near():
                left, right = self._placed(node.left, scope), self._placed(node.right, scope)
                return Close(node=node, words=node.words, left=left, right=right)
            case Before():
                parts, words = zip(*_chain(node), strict=True)
                return Ordered(node=node, words=words[1:], parts=tuple(self._placed(part, scope) for part in parts))
            case Word() | Exact() | Prefix() | Phrase() | EntityName():
                return self._search(node, scope)
            case _:
                raise TypeError(f"{print_query(node)} has no place in a text")

    def _search(self, node: Term, scope: str) -> Search:
        known = self._terms.get((node, scope))
        if known is None:
            rows = rows_of(node, self._entities)
            single = [row[0] for row in rows if len(row) == 1]
            place = Place(
                words=frozenset[str]().union(*(each.words for each in single)),
                exact=frozenset[str]().union(*(each.exact for each in single)),
                prefixes=frozenset[str]().union(*(each.prefixes for each in single)),
            )
            known = self._terms[node, scope] = Search(
                node=Fielded(name=scope, part=node) if scope else node,
                scope=scope,
                atoms=frozenset({self.lexicon.atom(place)} if single else ()),
                phrases=tuple(tuple(map(self.lexicon.atom, row)) for row in rows if len(row) > 1),
            )
        return known


def _chain(node: Node) -> list[tuple[Node, int]]:
    """The parts of BEFOREs within one another, each with the words that may stand before it (nothing of the first)."""
    if not isinstance(node, Before):
        return [(node, 0)]
    (second, _), *others = _chain(node.right)
    return [*_chain(node.left), (second, node.words), *others]


def _folded(plan: Plan, shared: Shared) -> Plan:
    """The same with fewer parts: terms with OR between them are looked up together."""
    match plan:
        case Any():
            parts = _merged([_folded(part, shared) for part in plan.parts], shared)
            return parts[0] if len(parts) == 1 else replace(plan, parts=tuple(parts))
        case All() | Some():
            return replace(plan, parts=tuple(_folded(part, shared) for part in plan.parts))
        case Without():
            return replace(plan, part=_folded(plan.part, shared))
        case From():
            return plan
        case _:
            return _folded_place(plan, shared)


def _folded_place(plan: Placed, shared: Shared) -> Placed:
    match plan:
        case Either():
            parts = _merged([_folded_place(part, shared) for part in plan.parts], shared)
            return parts[0] if len(parts) == 1 else replace(plan, parts=tuple(parts))
        case Close():
            return replace(plan, left=_folded_place(plan.left, shared), right=_folded_place(plan.right, shared))
        case Ordered():
            return replace(plan, parts=tuple(_folded_place(part, shared) for part in plan.parts))
        case Search():
            return plan


def _merged(parts: Sequence[AnyPlan], shared: Shared) -> list[AnyPlan | Search]:
    """One search of each scope, and what is no search."""
    by_scope: dict[str, list[Search]] = {}
    others: list[AnyPlan | Search] = []
    for part in parts:
        if isinstance(part, Search):
            by_scope.setdefault(part.scope, []).append(part)
        else:
            others.append(part)
    return [*(_merged_search(same, shared) for same in by_scope.values()), *others]


def _merged_search(same: Sequence[Search], shared: Shared) -> Search:
    if len(same) == 1:
        return same[0]
    atoms = frozenset[int]().union(*(search.atoms for search in same))
    phrases = tuple(dict.fromkeys(phrase for search in same for phrase in search.phrases))
    known = shared.get((same[0].scope, atoms, phrases))
    if known is None:
        known = replace(same[0], node=Or(parts=tuple(search.node for search in same)), atoms=atoms, phrases=phrases)
        shared[known.scope, atoms, phrases] = known
    return known
