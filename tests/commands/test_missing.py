"""What an item lacks, clause by clause."""

import pytest

from monitor.commands.missing import missing
from monitor.model.ids import TopicId
from monitor.model.item import Item
from monitor.model.severity import Severity
from monitor.model.topic import Topic
from monitor.steps.match import compile_topics, explain


@pytest.mark.parametrize(
    ("query", "lacks"),
    [
        ("peace talks", ()),
        ("peace deal", ("deal",)),
        ("peace AND (deal OR pact)", ("deal", "pact")),
        ("talks NOT peace", ("NOT peace",)),
        ("peace NEAR/1 kyiv", ("peace NEAR/1 kyiv",)),  # both are there, but too far apart
        ("peace NEAR/1 deal", ("deal",)),
        ("war (deal OR peace)", ("war",)),
    ],
)
def test_the_smallest_clauses(query: str, lacks: tuple[str, ...]) -> None:
    topic = Topic(id=TopicId("t"), title="t", severity=Severity.HIGH, query=query, version="1")
    explanation = explain(Item(title="Peace talks are held in Kyiv"), topic.id, compile_topics([topic], ()))
    assert tuple(each.clause for each in missing(explanation)) == lacks
