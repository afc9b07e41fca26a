"""explain: an Item and compiled topics in; one topic's query, clause by clause, with what held and what was missing, out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.model.ids import TopicId
from monitor.model.item import NOWHERE, Item, Origin
from monitor.model.topic import Span
from monitor.steps.match.evaluate import All, Any, Close, Either, From, Ordered, Plan, Search, Some, Without, parts_of
from monitor.steps.match.index import Topics
from monitor.steps.match.reading import Reading
from monitor.steps.match.tree import print_query


class Kind(StrEnum):
    """What a clause is made of, and so how its parts decide about it."""

    WORDS = "words"  # words, phrases, prefixes, the spellings of an entity: no parts
    NEAR = "near"  # two parts, near each other
    BEFORE = "before"  # parts in an order, each near the one before
    ALL = "all"  # every part
    ANY = "any"  # one of the parts
    SOME = "some"  # a number of the parts
    NOT = "not"  # that its one part does not hold
    FROM = "from"  # where the item comes from: a filter


class Why(StrEnum):
    """What became of a clause."""

    HOLDS = "holds"
    ABSENT = "absent"  # its words stand nowhere
    TOO_FAR = "too_far"  # both sides of a NEAR stand there, but not near each other
    NOT_IN_ORDER = "not_in_order"  # all parts of a BEFORE stand there, but too far apart or in another order
    OTHER_FIELD = "other_field"  # both sides of a NEAR stand there, but no field has both
    ELSEWHERE = "elsewhere"  # the item comes from somewhere else
    EXCLUDED = "excluded"  # what it forbids stands there
    INCOMPLETE = "incomplete"  # it is made of parts, and parts that it needs do not hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A clause of a query, what became of it, and the clauses that it is made of; `count` is how many of these it needs, where some are enough.

    `spans` are the words that made it hold; where both sides of a NEAR were found apart, those of both; where something
    forbidden stands there, that.
    """

    clause: str
    kind: Kind
    why: Why
    spans: tuple[Span, ...] = ()
    children: tuple["Explanation", ...] = ()
    count: int = 0

    @property
    def holds(self) -> bool:
        return self.why is Why.HOLDS


def explain(item: Item, topic_id: TopicId, topics: Topics, origin: Origin = NOWHERE) -> Explanation:
    """Why the item matches that topic, or does not. Raises KeyError for a topic that there is not."""
    plans = {each.topic.id: each.query.clauses for each in topics}
    return _explain(plans[topic_id], topics.read(item, origin))


def missing(told: Explanation) -> tuple[Explanation, ...]:
    """The smallest clauses that a query which does not hold still needed, all of them. Nothing for one that holds.

    Of alternatives one would have done: they come as the one clause that names them, its children the nearest first. What
    is shown of a clause that was too far apart or excluded is in its spans.
    """
    if told.holds:
        return ()
    match told.kind:
        case Kind.ALL:
            return tuple(each for part in told.children for each in missing(part))
        case Kind.ANY | Kind.SOME:
            return (replace(told, children=tuple(sorted(told.children, key=_distance))),)
        case Kind.NEAR | Kind.BEFORE if told.why is Why.INCOMPLETE:
            return tuple(each for side in told.children for each in missing(side))
        case _:
            return (told,)


def _distance(told: Explanation) -> tuple[int, int]:
    """How many clauses were missing, and (less than 0) how many stood there: the smaller, the nearer to a match."""
    return _lacking(told), -_standing(told)


def _lacking(told: Explanation) -> int:
    if told.holds:
        return 0
    if told.kind in {Kind.ANY, Kind.SOME}:
        return sum(sorted(map(_lacking, told.children))[: told.count])
    if told.why is Why.INCOMPLETE:
        return sum(map(_lacking, told.children))
    return 1


def _standing(told: Explanation) -> int:
    """The clauses that were found. What NOT forbids is not there in most texts, which brings none of them nearer."""
    if told.kind is Kind.NOT:
        return 0
    if told.kind in {Kind.ANY, Kind.SOME}:
        return sum(sorted(map(_standing, told.children))[-told.count :])
    if told.children:
        return sum(map(_standing, told.children))
    return int(told.holds)


def _explain(plan: Plan, reading: Reading) -> Explanation:
    """The clause of a plan. The one place that knows what a plan is made of."""
    kind, count = _kind(plan)
    children = tuple(_explain(part, reading) for part in parts_of(plan))
    why, spans = _FAILURES[kind](children)
    if plan.holds(reading):
        why, spans = Why.HOLDS, reading.spans(plan.found(reading))
    clause = print_query(plan.node)
    return Explanation(clause=clause, kind=kind, why=why, spans=spans, children=children, count=count)


def _kind(plan: Plan) -> tuple[Kind, int]:
    count = plan.count if isinstance(plan, Some) else int(isinstance(plan, Any | Either))
    return _KINDS[type(plan)], count


Failure = tuple[Why, tuple[Span, ...]]


def _apart(sides: tuple[Explanation, ...], both_there: Why) -> Failure:
    """Why the parts are not near each other."""
    if not all(side.holds for side in sides):
        return Why.INCOMPLETE, ()
    fields = [{span.field for span in side.spans} for side in sides]
    spans = tuple(dict.fromkeys(span for side in sides for span in side.spans))
    return both_there if set.intersection(*fields) else Why.OTHER_FIELD, spans


_KINDS: dict[type[Plan], Kind] = {
    Search: Kind.WORDS,
    Close: Kind.NEAR,
    Ordered: Kind.BEFORE,
    All: Kind.ALL,
    Any: Kind.ANY,
    Either: Kind.ANY,
    Some: Kind.SOME,
    Without: Kind.NOT,
    From: Kind.FROM,
}
_FAILURES: dict[Kind, Callable[[tuple[Explanation, ...]], Failure]] = {
    Kind.WORDS: lambda _: (Why.ABSENT, ()),
    Kind.NEAR: lambda sides: _apart(sides, Why.TOO_FAR),
    Kind.BEFORE: lambda parts: _apart(parts, Why.NOT_IN_ORDER),
    Kind.ALL: lambda _: (Why.INCOMPLETE, ()),
    Kind.ANY: lambda _: (Why.INCOMPLETE, ()),
    Kind.SOME: lambda _: (Why.INCOMPLETE, ()),
    Kind.NOT: lambda parts: (Why.EXCLUDED, parts[0].spans),
    Kind.FROM: lambda _: (Why.ELSEWHERE, ()),
}
