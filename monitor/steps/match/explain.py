"""explain: an Item and one topic in; whether each clause of its query holds, and where, out."""

from dataclasses import dataclass

from monitor.model.ids import TopicId
from monitor.model.item import NOWHERE, Item, Origin
from monitor.model.topic import Span
from monitor.steps.match.evaluate import Plan, parts_of
from monitor.steps.match.index import Topics
from monitor.steps.match.reading import Reading
from monitor.steps.match.tree import print_query


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A clause of a query, whether it holds for an item, where, and the clauses that it is made of."""

    clause: str
    holds: bool
    spans: tuple[Span, ...]
    children: tuple["Explanation", ...] = ()


def explain(item: Item, topic_id: TopicId, topics: Topics, origin: Origin = NOWHERE) -> Explanation:
    """Why the item matches that topic, or does not. Raises KeyError for a topic that there is not."""
    plans = {each.topic.id: each.query.clauses for each in topics}
    return _explain(plans[topic_id], topics.read(item, origin))


def _explain(plan: Plan, reading: Reading) -> Explanation:
    holds = plan.holds(reading)
    return Explanation(
        clause=print_query(plan.node),
        holds=holds,
        spans=reading.spans(plan.found(reading)) if holds else (),
        children=tuple(_explain(part, reading) for part in parts_of(plan)),
    )
