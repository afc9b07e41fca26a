"""decide: an Item and compiled topics in, its Matches out."""

from collections.abc import Sequence

from monitor.model.item import NOWHERE, Item, Origin
from monitor.model.topic import Match, Topic
from monitor.steps.match.plan import Any, Plan, Topics
from monitor.steps.match.reading import Reading


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


def _deciding(plan: Plan, reading: Reading) -> Plan:
    """The first alternative that holds; otherwise the whole query decides."""
    if isinstance(plan, Any):
        return next(part for part in plan.parts if reading.holds(part))
    return plan
