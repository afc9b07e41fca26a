"""The guide to the query language is true: every example finds what it says, every refusal reads as shown, every table names what exists."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter

from monitor.config.topics import ESCALATIONS_MAX, SPELLINGS_MAX, TopicEntry
from monitor.model.ids import TopicId
from monitor.model.item import Item, Origin
from monitor.model.severity import Severity
from monitor.model.topic import Entity, Topic
from monitor.steps.match import QueryError, compile_topics, match, parse_query
from monitor.steps.match.grammar import DEPTH_MAX, QUERY_CHARS_MAX
from monitor.steps.match.slips import FIELDS, FILTERS

GUIDE = (Path(__file__).parents[2] / "docs/queries.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)\n```", GUIDE, re.DOTALL)


(PACK,) = map(yaml.safe_load, blocks("yaml"))
ENTITIES = [Entity(name=name, spellings=tuple(spellings)) for name, spellings in PACK["entities"].items()]
EXAMPLES = [
    (query, line)
    for query, _, lines in (block.partition("\n") for block in blocks("query"))
    for line in lines.split("\n")
]


def read(line: str) -> tuple[Item, Origin, bool]:
    """`+ {lang: en} title // summary`."""
    found = re.fullmatch(r"([+-]) (?:(\{.*?\}) )?(.*?)(?: // (.*))?", line)
    assert found, line
    known = yaml.safe_load(found[2] or "{}")
    item = Item(
        title=found[3],
        summary=found[4] or "",
        lang=known.pop("lang", ""),
        link=known.pop("link", ""),
        categories=tuple(known.pop("categories", ())),
    )
    return (
        item,
        Origin(**{name: tuple(each) if isinstance(each, list) else each for name, each in known.items()}),
        found[1] == "+",
    )


@pytest.mark.parametrize(("query", "line"), EXAMPLES)
def test_an_example(query: str, line: str) -> None:
    topic = Topic(id=TopicId("t"), title="T", severity=Severity.LOW, query=query, version="1")
    item, origin, expected = read(line)
    assert bool(match(item, compile_topics((topic,), ENTITIES), origin)) is expected


@pytest.mark.parametrize("block", blocks("refused"))
def test_a_refusal(block: str) -> None:
    query, _, told = block.partition("\n")
    with pytest.raises(QueryError) as refused:
        parse_query(query.removeprefix("> "), {})
    assert str(refused.value) == told


def test_the_topics_of_the_example_are_topics() -> None:
    entries = TypeAdapter(tuple[TopicEntry, ...]).validate_python(tuple(PACK["topics"]), strict=False)
    entities = {entity.name: entity for entity in ENTITIES}
    for entry in entries:
        for query in (entry.query, *(each.query for each in entry.escalate)):
            parse_query(query, entities)


def test_the_tables_are_complete() -> None:
    named = set(re.findall(r"`([a-z]+):", "\n".join(re.findall(r"^\|.*$", GUIDE, re.MULTILINE))))
    assert named >= {*FIELDS, *FILTERS}


def test_the_limits_are_those_in_force() -> None:
    (limits,) = re.findall(r"## Limits\n\n(.*?)\n\n", GUIDE, re.DOTALL)
    assert re.findall(r"[\d,]+\d", limits)[:4] == [
        f"{each:,}" for each in (QUERY_CHARS_MAX, DEPTH_MAX, SPELLINGS_MAX, ESCALATIONS_MAX)
    ]
