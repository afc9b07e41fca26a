"""decide: an Item and compiled topics in; its Matches out."""

from monitor.model.item import NOWHERE, Item, Origin
from monitor.model.topic import Match
from monitor.steps.match.hits import united
from monitor.steps.match.index import Topics, Tracked
from monitor.steps.match.reading import Reading


def match(item: Item, topics: Topics, origin: Origin = NOWHERE) -> tuple[Match, ...]:
    """Every topic that the item matches, with the words that matched, the clause that decided and what escalated."""
    reading = topics.read(item, origin)
    return tuple([_match(each, reading) for each in topics.touched(reading) if each.query.plan.holds(reading)])


def _match(tracked: Tracked, reading: Reading) -> Match:
    topic, query = tracked.topic, tracked.query
    found = query.plan.found(reading)
    severity, escalation = topic.severity, ""
    for louder, configured in zip(tracked.escalations, topic.escalations, strict=True):
        if louder.plan.holds(reading):
            severity, escalation = configured.severity, louder.clause(reading)
            found = united((found, louder.plan.found(reading)))
            break
    return Match(
        topic_id=topic.id,
        topic_version=topic.version,
        spans=reading.spans(found),
        clause=query.clause(reading),
        severity=severity,
        escalation=escalation,
    )
