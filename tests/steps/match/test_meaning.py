"""What a query means: the index finds what evaluating each query by its definition finds."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.model.ids import TopicId
from monitor.model.item import Item, Origin
from monitor.model.severity import Severity
from monitor.model.topic import Entity, Topic
from monitor.steps.match import compile_topics, match, parse_query, print_query
from monitor.steps.match.lexicon import comparable
from monitor.steps.match.places import Row, rows_of
from monitor.steps.match.tree import And, AtLeast, Before, Fielded, Filter, Near, Node, Not, Or
from monitor.text.tokens import tokenize

Stretch = tuple[str, int, int]  # field, first and last word
Hit = frozenset[Stretch]


class Oracle:
    """What a query means, by its definition and without any care for time: every word with every other."""

    def __init__(self, item: Item, origin: Origin, entities: Mapping[str, Entity]) -> None:
        self.item, self.origin, self.entities = item, origin, entities

    def holds(self, node: Node, fields: tuple[str, ...] = ("title", "summary")) -> bool:
        parts = [self.holds(part, fields) for part in getattr(node, "parts", ())]
        match node:
            case Not():
                answer = not self.holds(node.part, fields)
            case And() | AtLeast():
                answer = parts.count(True) >= getattr(node, "count", len(parts))
            case Or():
                answer = any(parts)
            case Fielded():
                answer = self.holds(node.part, self.field(node.name))
            case Filter():
                answer = self.comes_from(node)
            case _:
                answer = bool(self.hits(node, fields))
        return answer

    def field(self, name: str) -> tuple[str, ...]:
        return ("summary",) if name == "body" and not self.item.body else (name,)

    def comes_from(self, node: Filter) -> bool:
        language = self.item.lang.lower().replace("_", "-")
        wanted = comparable(node.value)
        return {
            "feed": comparable(self.origin.feed) == wanted,
            "publisher": comparable(self.origin.publisher) == wanted,
            "lang": language == wanted or language.startswith(f"{wanted}-"),
            "tag": wanted in map(comparable, self.origin.tags),
        }[node.name]

    def stretches(self, node: Node, fields: tuple[str, ...] = ("title", "summary")) -> set[Stretch]:
        """Of everything that makes it hold."""
        if not self.holds(node, fields):
            return set()
        match node:
            case Not() | Filter():
                return set()
            case And() | Or() | AtLeast():
                return {each for part in node.parts for each in self.stretches(part, fields)}
            case Fielded():
                return self.stretches(node.part, self.field(node.name))
            case _:
                return {each for hit in self.hits(node, fields) for each in hit}

    def hits(self, node: Node, fields: tuple[str, ...]) -> set[Hit]:
        match node:
            case Or():
                return {hit for part in node.parts for hit in self.hits(part, fields)}
            case Near():
                pairs = product(self.hits(node.left, fields), self.hits(node.right, fields))
                return {one | other for one, other in pairs if near(one, other, node.words)}
            case Before():
                pairs = product(self.hits(node.left, fields), self.hits(node.right, fields))
                return {one | other for one, other in pairs if follows(last(one), first(other), node.words)}
            case _:
                rows = rows_of(node, self.entities)
                return {hit for field in fields for row in rows for hit in self.row(field, row)}

    def row(self, field: str, row: Row) -> set[Hit]:
        tokens = tokenize(self.item.text(field))
        units = [(at, at, word.key, word.exact) for at, word in enumerate(tokens.words)]
        units += [(start, end, key, "") for key, start, end in tokens.compounds]
        found = {(begin, begin - 1) for begin in range(len(tokens.words))}
        for place in row:
            found = {
                (begin, end)
                for begin, done in found
                for start, end, key, exact in units
                if start == done + 1
                and (key in place.words or exact in place.exact or any(key.startswith(each) for each in place.prefixes))
            }
        return {frozenset({(field, begin, end)}) for begin, end in found}


def near(one: Hit, other: Hit, words: int) -> bool:
    return any(follows(a, b, words) or follows(b, a, words) for a, b in product(one, other))


def follows(one: Stretch, other: Stretch, words: int) -> bool:
    return one[0] == other[0] and 0 <= other[1] - one[2] - 1 <= words


def first(hit: Hit) -> Stretch:
    return min(hit, key=lambda stretch: stretch[1])


def last(hit: Hit) -> Stretch:
    return max(hit, key=lambda stretch: stretch[2])


def texts(item: Item, stretches: set[Stretch]) -> list[tuple[str, int, int]]:
    """The stretches as characters of their fields, overlapping ones as one."""
    merged: list[tuple[str, int, int]] = []
    for field in ("title", "summary", "body"):
        for _, begin, end in sorted(each for each in stretches if each[0] == field):
            if merged and merged[-1][0] == field and begin <= merged[-1][2]:
                merged[-1] = (field, merged[-1][1], max(end, merged[-1][2]))
            else:
                merged.append((field, begin, end))
    words = {field: tokenize(item.text(field)).words for field in ("title", "summary", "body")}
    return [(field, words[field][begin].start, words[field][end].end) for field, begin, end in merged]


ENTITIES = (
    Entity(name="pair", spellings=("peace", "peace plan", "=US", "тал*")),
    Entity(name="nest", spellings=("@pair", "war zone*")),
)
BY_NAME = {entity.name: entity for entity in ENTITIES}
WORDS = (
    "peace",
    "plan",
    "plans",
    "war",
    "zone",
    "zones",
    "US",
    "us",
    "cease-fire",
    "ceasefire",
    "war-zone",
    "таланты",
    "мир",
    "x",
    "peace's",
)

terms = st.sampled_from(
    (
        "peace",
        "plan",
        "war",
        "=US",
        "zon*",
        '"peace plan"',
        '"war zone"',
        '"plan* war"',
        "cease-fire",
        "ceasefire",
        "@pair",
        "@nest",
        "мир",
    )
)
ordered = st.recursive(
    terms | st.builds("({} OR {})".format, terms, terms),
    lambda inner: st.builds("({} BEFORE/{} {})".format, inner, st.integers(0, 4), inner),
    max_leaves=4,
)
words_between = st.integers(0, 4)
either = terms | st.builds("({} OR {})".format, terms, terms)
pairs = st.builds("({} NEAR/{} {})".format, either, words_between, either)
groups = ordered | pairs | st.builds("({} OR {})".format, ordered, pairs)
places = groups | st.builds("({} NEAR/{} {})".format, groups, words_between, groups)
fielded = st.builds("{}:{}".format, st.sampled_from(("title", "summary", "body")), places)
filters = st.sampled_from(("feed:bbc", "publisher:BBC", 'publisher:"New York Times"', "tag:wire"))
positive = places | fielded | filters
queries = st.recursive(
    positive,
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(("AND", "OR", "")), inner)
        | st.builds("({} AND NOT {})".format, inner, inner)
        | st.builds("NOT (NOT {} OR NOT {})".format, inner, inner)
        | st.builds("({} AND lang:en)".format, inner)
        | st.builds("ATLEAST/{} ({}, {}, {})".format, st.integers(1, 3), inner, inner, inner)
    ),
    max_leaves=6,
)
sentences = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join) | st.text(max_size=40)
items = st.builds(
    lambda title, summary, body, lang: Item(title=title, summary=summary, body=body, lang=lang),
    sentences,
    sentences,
    st.just("") | sentences,
    st.sampled_from(("en", "en-GB", "uk", "")),
)
origins = st.builds(
    Origin,
    feed=st.sampled_from(("bbc", "nyt")),
    publisher=st.sampled_from(("bbc", "New  York Times")),
    tags=st.sampled_from(((), ("Wire", "x"))),
)


def topic(query: str, number: int = 0) -> Topic:
    return Topic(id=TopicId(str(number)), title="T", severity=Severity.LOW, query=query, version="1")


@given(st.lists(queries, min_size=1, max_size=6), items, origins)
@settings(deadline=None, max_examples=600)
def test_finds_what_the_definition_finds(asked: list[str], item: Item, origin: Origin) -> None:
    topics = compile_topics([topic(query, number) for number, query in enumerate(asked)], ENTITIES)
    oracle = Oracle(item, origin, BY_NAME)
    nodes = {str(number): parse_query(query, BY_NAME) for number, query in enumerate(asked)}
    found = {
        each.topic_id: [(span.field, span.start, span.end) for span in each.spans]
        for each in match(item, topics, origin)
    }
    assert found == {
        number: texts(item, oracle.stretches(node)) for number, node in nodes.items() if oracle.holds(node)
    }


few = st.sampled_from(("peace", "plan", "war", '"peace plan"', "cease-fire"))
chains = st.recursive(
    few, lambda inner: st.builds("({} BEFORE/{} {})".format, inner, words_between, inner), max_leaves=3
)
inner_pairs = st.builds("({} NEAR/{} {})".format, few, words_between, few)
inner_groups = few | chains | inner_pairs | st.builds("({} OR {})".format, chains, inner_pairs)
nests = st.builds("({} NEAR/{} {})".format, inner_groups, words_between, inner_groups)
crowds = st.lists(st.sampled_from(("peace", "plan", "war", "cease-fire", "x")), min_size=4, max_size=12).map(" ".join)


@given(nests, crowds)
@example("peace NEAR/0 (war NEAR/3 plan)", "peace plan x war")
@example("(war NEAR/3 plan) NEAR/0 peace", "peace plan x war")
@settings(deadline=None, max_examples=600)
def test_groups_within_groups_find_what_the_definition_finds(asked: str, text: str) -> None:
    item = Item(title=text)
    found = [
        [(span.field, span.start, span.end) for span in each.spans]
        for each in match(item, compile_topics([topic(asked)], ()))
    ]
    oracle, node = Oracle(item, Origin(), {}), parse_query(asked, {})
    assert found == ([texts(item, oracle.stretches(node))] if oracle.holds(node) else [])


@example(["NOT NOT peace"], Item(title="peace talks"), Origin())
@example(["NOT (NOT peace OR NOT plan)"], Item(title="peace plan"), Origin())
@example(["war OR NOT NOT peace"], Item(title="war"), Origin())
@example(["war OR NOT (ATLEAST/1 (NOT peace, NOT plan))"], Item(title="peace plan"), Origin())
@given(st.lists(queries, min_size=1, max_size=6), items, origins)
@settings(deadline=None, max_examples=300)
def test_the_index_loses_nothing(asked: list[str], item: Item, origin: Origin) -> None:
    topics = compile_topics([topic(query, number) for number, query in enumerate(asked)], ENTITIES)
    reading = topics.read(item, origin)
    touched = {each.topic.id for each in topics.touched(reading)}
    holding = {each.topic.id for each in topics if each.query.plan.holds(reading)}
    assert (holding - touched, {each.topic.id for each in topics if each.query.clauses.holds(reading)}) == (
        set(),
        holding,
    )


@given(queries)
@settings(deadline=None, max_examples=500)
def test_a_printed_query_reads_as_the_same_tree(query: str) -> None:
    node = parse_query(query, BY_NAME)
    assert parse_query(print_query(node), BY_NAME) == node


QUOTED = ["«a “b” c»", '«a "b" c»', '"a «b» c"', "“«a»”", 'talks AND tag:«a "b"»', "talks AND tag:“a «b»”"]


@pytest.mark.parametrize("query", QUOTED)
def test_quotes_within_quotes_are_printed_so_that_they_can_be_read(query: str) -> None:
    node = parse_query(query, BY_NAME)
    assert parse_query(print_query(node), BY_NAME) == node
