"""decide: an Item and compiled topics in; its Matches, or the explanation of one topic clause by clause, out."""

from dataclasses import dataclass

from monitor.model.ids import TopicId
from monitor.model.item import Item
from monitor.model.topic import Match, Span
from monitor.steps.match.plan import All, Any, Close, Plan, Search, Topics, Without
from monitor.steps.match.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A clause of a query, whether it holds for an item, where, and the clauses that it is made of."""

    clause: str
    holds: bool
    spans: tuple[Span, ...]
    children: tuple["Explanation", ...] = ()


def match(item: Item, topics: Topics) -> tuple[Match, ...]:
    """Every topic that the item matches, with the words that matched and the clause that decided."""
    reading = Reading(item)
    return tuple(
        Match(
            topic_id=topic.id,
            topic_version=topic.version,
            spans=reading.spans(plan),
            clause=_deciding(plan, reading).clause,
        )
        for topic, plan in zip(topics.topics, topics.plans, strict=True)
        if reading.holds(plan)
    )


def explain(item: Item, topic_id: TopicId, topics: Topics) -> Explanation:
    """Why the item matches that topic, or does not. Raises KeyError for a topic that there is not."""
    plans = {topic.id: plan for topic, plan in zip(topics.topics, topics.plans, strict=True)}
    return _explain(plans[topic_id], Reading(item))


def _explain(plan: Plan, reading: Reading) -> Explanation:
    return Explanation(
        clause=plan.clause,
        holds=reading.holds(plan),
        spans=reading.spans(plan) if reading.holds(plan) else (),
        children=tuple(_explain(part, reading) for part in _parts(plan)),
    )


def _deciding(plan: Plan, reading: Reading) -> Plan:
    """The first alternative that holds; otherwise the whole query decides."""
    if isinstance(plan, Any):
        return next(part for part in plan.parts if reading.holds(part))
    return plan


def _parts(plan: Plan) -> tuple[Plan, ...]:
    match plan:
        case All() | Any():
            return plan.parts
        case Without():
            return (plan.part,)
        case Close():
            return (plan.anchor, plan.other)
        case Search():
            return ()
