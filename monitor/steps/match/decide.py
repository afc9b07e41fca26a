"""decide: an Item and compiled topics in; its Matches, or the explanation of one topic clause by clause, out."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.model.ids import TopicId
from monitor.model.item import NOWHERE, Item, Origin
from monitor.model.topic import Match, Span, Topic
from monitor.steps.match.plan import All, Any, Close, Plan, Search, Topics, Without
from monitor.steps.match.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A clause of a query, whether it holds for an item, where, and the clauses that it is made of."""

    clause: str
    holds: bool
    spans: tuple[Span, ...]
    children: tuple["Explanation", ...] = ()


def match(item: Item, topics: Topics, origin: Origin = NOWHERE) -> tuple[Match, ...]:
    """Every topic that the item matches, with the words that matched, the clause that decided and what escalated."""
    del origin
    reading = Reading(item)
    return tuple(
        _match(topic, plan, escalations, reading)
        for topic, plan, escalations in zip(topics.topics, topics.plans, topics.escalations, strict=True)
        if reading.holds(plan)
    )


def _match(topic: Topic, plan: Plan, escalations: Sequence[Plan], reading: Reading) -> Match:
    louder = next(
        (each for each in zip(escalations, topic.escalations, strict=True) if reading.holds(each[0])), (None, None)
    )
    return Match(
        topic_id=topic.id,
        topic_version=topic.version,
        spans=reading.spans(plan),
        clause=_deciding(plan, reading).clause,
        severity=louder[1].severity if louder[1] else topic.severity,
        escalation=_deciding(louder[0], reading).clause if louder[0] else "",
    )


def explain(item: Item, topic_id: TopicId, topics: Topics, origin: Origin = NOWHERE) -> Explanation:
    """Why the item matches that topic, or does not. Raises KeyError for a topic that there is not."""
    del origin
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
