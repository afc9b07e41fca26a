"""topics: topics and entities in, compiled Topics out; an Item and those in, its Matches, or the explanation of one, out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

from monitor.model.ids import TopicId
from monitor.model.item import Item
from monitor.model.topic import Entity, Match, Span, Topic
from monitor.steps.match.evaluate import FIELDS, Found, Text, evaluate
from monitor.steps.match.grammar import check_words, parse_query
from monitor.steps.match.tree import Fielded, Node, Or, Phrase, entity_names, parts_of, print_query


@dataclass(frozen=True)
class Topics:
    """Topics, ready to be matched."""

    topics: tuple[Topic, ...]
    queries: tuple[Node, ...]
    entities: Mapping[str, tuple[Node, ...]]

    @cached_property
    def by_id(self) -> Mapping[TopicId, Node]:
        return {topic.id: query for topic, query in zip(self.topics, self.queries, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A clause of a query, whether it holds for an item, where, and its parts."""

    clause: str
    holds: bool
    spans: tuple[Span, ...]
    children: tuple["Explanation", ...] = ()


def compile_topics(topics: Sequence[Topic], entities: Sequence[Entity]) -> Topics:
    """Raises QueryError for a query, or an entity's spelling, that cannot be understood."""
    by_name = {entity.name: entity for entity in entities}
    return Topics(
        topics=tuple(topics),
        queries=tuple(parse_query(topic.query, by_name) for topic in topics),
        entities={entity.name: tuple(map(_spelling, entity.spellings)) for entity in entities},
    )


def match(item: Item, topics: Topics) -> tuple[Match, ...]:
    """Every topic that the item matches, with the words that matched and the clause that decided."""
    text = Text(item, topics.entities)
    found = ((topic, query, evaluate(query, text)) for topic, query in zip(topics.topics, topics.queries, strict=True))
    return tuple(
        Match(
            topic_id=topic.id,
            topic_version=topic.version,
            spans=text.spans(result.words),
            clause=print_query(_deciding(query, text)),
        )
        for topic, query, result in found
        if result.holds
    )


def explain(item: Item, topic_id: TopicId, topics: Topics) -> Explanation:
    """Clause by clause, whether the item matches that topic."""
    return _explain(topics.by_id[topic_id], Text(item, topics.entities), FIELDS)


def query_version(query: str, entities: Mapping[str, Entity]) -> str:
    """Changes whenever the query, or an entity in it, does. Raises QueryError."""
    node = parse_query(query, entities)
    used = [f"{name}={'|'.join(entities[name].spellings)}" for name in sorted(entity_names(node))]
    return blake2b("\n".join([print_query(node), *used]).encode(), digest_size=6).hexdigest()


def _spelling(text: str) -> Node:
    check_words(text, text, 0)
    return Phrase(text=text)


def _deciding(query: Node, text: Text) -> Node:
    """The first alternative that holds; otherwise the whole query decides."""
    if isinstance(query, Or):
        return next(part for part in query.parts if evaluate(part, text).holds)
    return query


def _explain(node: Node, text: Text, fields: tuple[str, ...]) -> Explanation:
    found: Found = evaluate(node, text, fields)
    inside = (node.field,) if isinstance(node, Fielded) else fields
    return Explanation(
        clause=print_query(node),
        holds=found.holds,
        spans=text.spans(found.words),
        children=tuple(_explain(part, text, inside) for part in parts_of(node)),
    )
