"""The query language, as tables: what each form finds and what it does not, in which characters, and how a wrong query is refused."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.ids import TopicId
from monitor.model.item import Item
from monitor.model.severity import Severity
from monitor.model.topic import Entity, Topic
from monitor.steps.match import QueryError, compile_topics, explain, match, parse_query, print_query, query_version

ENTITIES = (
    Entity(name="zelensky", spellings=("Zelensky", "Zelenskyy", "Зеленськ*", "Zełensk*")),
    Entity(name="alliance", spellings=("NATO", "North Atlantic Alliance", "НАТО")),
)
BY_NAME = {entity.name: entity for entity in ENTITIES}


def found(query: str, item: Item) -> list[str] | None:
    """The texts that matched, in the order of the item; None if the topic does not match."""
    topic = Topic(id=TopicId("t"), title="T", severity=Severity.HIGH, query=query, version="1")
    matches = match(item, compile_topics((topic,), ENTITIES))
    for each in matches:
        for span in each.spans:
            assert getattr(item, span.field)[span.start : span.end] == span.text
    return [span.text for span in matches[0].spans] if matches else None


CASES: dict[str, tuple[str, str, list[str] | None]] = {
    "word": ("deal", "A deal is near", ["deal"]),
    "any case": ("Deal", "A DEAL is near", ["DEAL"]),
    "whole words only": ("deal", "The dealer left", None),
    "plural": ("deal", "Two deals", ["deals"]),
    "plural in y": ("treaty", "Two treaties", ["treaties"]),
    "plural in es": ("sanction box", "Boxes of sanctions", ["Boxes", "sanctions"]),
    "possessive": ("trump", "Trump's plan", ["Trump's"]),
    "curly possessive": ("trump", "Trump’s plan", ["Trump’s"]),
    "accents": ("cafe", "Le café", ["café"]),
    "accents in the query": ("négociation", "La negociation", ["negociation"]),
    "composed or not": ("café", "cafe\u0301", ["cafe\u0301"]),
    "exact": ("=US", "The US said", ["US"]),
    "exact keeps case": ("=US", "They told us", None),
    "phrase": ('"peace plan"', "A peace plan", ["peace plan"]),
    "phrase in order": ('"peace plan"', "A plan for peace", None),
    "phrase is adjacent": ('"peace plan"', "peace and plan", None),
    "phrase with prefix": ('"peace negotiat*"', "peace negotiators", ["peace negotiators"]),
    "prefix": ("negotiat*", "Negotiators met", ["Negotiators"]),
    "prefix begins the word": ("negotiat*", "renegotiate", None),
    "and": ("peace AND talks", "talks on peace", ["talks", "peace"]),
    "and misses one": ("peace AND talks", "talks", None),
    "juxtaposition is and": ("peace talks", "talks on peace", ["talks", "peace"]),
    "or": ("peace OR war", "war", ["war"]),
    "not": ("peace AND NOT corps", "peace corps", None),
    "not holds": ("peace AND NOT corps", "peace now", ["peace"]),
    "not binds tighter than and": ("NOT iran AND peace", "peace", ["peace"]),
    "and binds tighter than or": ("war OR peace AND talks", "war", ["war"]),
    "brackets": ("(war OR peace) AND talks", "war", None),
    "near": ("minerals NEAR/2 deal", "minerals for a deal", ["minerals", "deal"]),
    "near in either order": ("minerals NEAR/2 deal", "deal on minerals", ["deal", "minerals"]),
    "near at its limit": ("a1x NEAR/2 b1x", "a1x one two b1x", ["a1x", "b1x"]),
    "near beyond its limit": ("a1x NEAR/2 b1x", "a1x one two three b1x", None),
    "near adjacent": ("a1x NEAR/0 b1x", "a1x b1x", ["a1x", "b1x"]),
    "near a group": ("kyiv NEAR/3 (talks OR truce)", "truce in Kyiv", ["truce", "Kyiv"]),
    "near a near": ("kyiv NEAR/4 (peace NEAR/1 plan)", "Kyiv reads the peace plan", ["Kyiv", "peace", "plan"]),
    "near both of two": ("kyiv NEAR/3 (peace AND plan)", "plan in Kyiv for peace", ["plan", "Kyiv", "peace"]),
    "near only one of two": ("kyiv NEAR/1 (peace AND plan)", "plan Kyiv one two three peace", None),
    "one word is not near itself": ("deal NEAR/3 deal", "a deal", None),
    "entity": ("@zelensky", "Zelenskyy speaks", ["Zelenskyy"]),
    "entity by phrase": ("@alliance", "the North Atlantic Alliance met", ["North Atlantic Alliance"]),
    "entity by prefix, Ukrainian case": ("@zelensky", "слова Зеленського", ["Зеленського"]),
    "entity by prefix, Polish case": ("@zelensky", "słowa Zełenskiego", ["Zełenskiego"]),
    "entity near": ("@zelensky NEAR/4 @alliance", "Зеленський і НАТО", ["Зеленський", "НАТО"]),
    "hyphen divides": ("ukraine", "the US-Ukraine deal", ["Ukraine"]),
    "hyphen in the query": ("cease-fire", "a ceasefire", ["ceasefire"]),
    "hyphen in the text": ("ceasefire", "a cease-fire", ["cease-fire"]),
    "elision": ("ukraine", "l’Ukraine", ["Ukraine"]),
    "abbreviation": ("usa", "the U.S.A. said", ["U.S.A."]),
    "ligature": ("office", "oﬃce", ["oﬃce"]),
    "sharp s": ("strasse", "Straße", ["Straße"]),
    "Turkish capital i": ("istanbul", "İstanbul", ["İstanbul"]),
    "Turkish dotless i": ("ısparta", "Isparta", ["Isparta"]),
    "Greek final sigma": ("πολεμος", "Πόλεμος", ["Πόλεμος"]),
    "Cyrillic yo": ("переговоров", "переговоров", ["переговоров"]),
    "Cyrillic yo for ye": ("еще", "ещё", ["ещё"]),
    "Cyrillic short i is no i": ("мои", "мой", None),
    "Arabic vowels": ("سلام", "سَلام", ["سَلام"]),
    "Hebrew points": ("שלום", "שָׁלוֹם", ["שָׁלוֹם"]),
    "Chinese without spaces": ("和平", "关于和平的谈判", ["和平"]),
    "Chinese in another order": ("和平", "平和", None),
    "Japanese": ("停戦", "ウクライナ停戦交渉", ["停戦"]),
    "Thai": ("สันติภาพ", "แผนสันติภาพใหม่", ["สันติภาพ"]),
    "full-width": ("nato", "ＮＡＴＯ", ["ＮＡＴＯ"]),
}


@pytest.mark.parametrize(("query", "text", "expected"), CASES.values(), ids=CASES)
def test_finds(query: str, text: str, expected: list[str] | None) -> None:
    assert found(query, Item(title=text)) == expected


FIELDS: dict[str, tuple[str, Item, list[str] | None]] = {
    "title and summary without a field": ("peace AND talks", Item(title="peace", summary="talks"), ["peace", "talks"]),
    "the body must be asked for": ("peace", Item(body="peace"), None),
    "title": ("title:peace", Item(title="war", summary="peace"), None),
    "summary": ("summary:peace", Item(summary="peace"), ["peace"]),
    "body": ("body:peace", Item(body="peace"), ["peace"]),
    "a group in a field": ("title:(war OR peace)", Item(title="peace"), ["peace"]),
    "not in a field": ("talks AND NOT title:iran", Item(title="Talks", summary="iran"), ["Talks"]),
    "near never crosses fields": ("peace NEAR/9 talks", Item(title="peace", summary="talks"), None),
    "phrases never cross fields": ('"peace talks"', Item(title="peace", summary="talks"), None),
}


@pytest.mark.parametrize(("query", "item", "expected"), FIELDS.values(), ids=FIELDS)
def test_fields(query: str, item: Item, expected: list[str] | None) -> None:
    assert found(query, item) == expected


WRONG: dict[str, tuple[str, int, str, str]] = {
    "empty": ("  ", 1, "empty", "write what"),
    "never closed": ("(peace", 1, "never closed", "add"),
    "closes nothing": ("peace)", 6, "closes no bracket", "remove"),
    "nothing between brackets": ("peace ()", 8, "nothing between", "expected"),
    "nothing after an operator": ("peace AND", 10, "after it", "expected"),
    "nothing before an operator": ("OR peace", 1, "before it", "expected"),
    "only absence": ("NOT peace", 1, "none of the query's words", "AND NOT"),
    "absence as an alternative": ("peace OR NOT war", 10, "none of the query's words", "AND NOT"),
    "lower-case or": ("peace or war", 7, "upper-case", "OR"),
    "lower-case near": ("peace near/3 war", 7, "no operator", "NEAR/8"),
    "unknown entity": ("@zelenski", 1, "not known", "zelensky"),
    "unknown field": ("titel:peace", 1, "no field", "title"),
    "short prefix": ("pe*", 1, "too short", "3 characters"),
    "star alone": ("*", 1, "everything", "negotiat*"),
    "star in the middle": ("ne*go", 3, "no meaning", "end of a word"),
    "quotation mark alone": ('peace "talks', 7, "no partner", "quotes"),
    "NEAR of NOT": ("peace NEAR/3 (NOT war)", 15, "NEAR cannot take NOT", "AND NOT"),
    "far too near": ("peace NEAR/999 war", 7, "at most 100", "AND"),
    "what is not built yet": ("peace BEFORE/3 war", 7, "no operator", "NEAR"),
    "no word": ('"..."', 2, "no word", "letter"),
}


@pytest.mark.parametrize(("query", "column", "message", "hint"), WRONG.values(), ids=WRONG)
def test_refuses_with_the_place_and_what_to_do(query: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse_query(query, BY_NAME)
    error = refused.value
    assert (error.line, message in error.message, hint.casefold() in error.hint.casefold()) == (1, True, True), str(
        error
    )
    assert error.column == column


def test_the_place_is_shown_with_a_caret() -> None:
    with pytest.raises(QueryError) as refused:
        parse_query("peace AND\n  talks)", BY_NAME)
    assert str(refused.value).splitlines()[:3] == [
        "line 2, column 8: “)” closes no bracket",
        "    talks)",
        "         ^",
    ]


@pytest.mark.parametrize(
    "hostile", ["(" * 5_000, "a AND " * 5_000, "(a1x AND NOT " * 200 + "peace" + ")" * 200, "@" * 900, '"' * 901]
)
def test_hostile_queries_are_refused_and_nothing_else(hostile: str) -> None:
    with pytest.raises(QueryError):
        parse_query(hostile, BY_NAME)


def queries() -> st.SearchStrategy[str]:
    words = st.sampled_from(
        ["peace", "=US", "negotiat*", '"peace plan"', "@alliance", "мир", "title:war", "title:(a OR b)"]
    )
    plain = st.sampled_from(["peace", "negotiat*", '"peace plan"', "@alliance", "мир"])
    near = st.builds(lambda a, n, b: f"({a} NEAR/{n} {b})", plain, st.integers(0, 100), plain)

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.builds(lambda a, word, b: f"({a} {word} {b})", inner, st.sampled_from(["AND", "OR", ""]), inner)
        return pair | st.builds(lambda a, b: f"({a} AND NOT {b})", inner, inner)

    return st.recursive(words | near, grown, max_leaves=8)


@given(queries())
@settings(deadline=None, max_examples=300)
def test_a_printed_query_reads_as_the_same_tree(query: str) -> None:
    node = parse_query(query, BY_NAME)
    assert parse_query(print_query(node), BY_NAME) == node


@given(
    queries(),
    st.text(max_size=200)
    | st.lists(st.sampled_from(["peace", "plan", "war", "US", "мир", "a", "b", "NATO"])).map(" ".join),
)
@settings(deadline=None, max_examples=300)
def test_spans_are_the_characters_they_say_and_never_overlap(query: str, text: str) -> None:
    topic = Topic(id=TopicId("t"), title="T", severity=Severity.HIGH, query=query, version="1")
    for each in match(Item(title=text, summary=text), compile_topics((topic,), ENTITIES)):
        for field in ("title", "summary"):
            places = [(span.start, span.end) for span in each.spans if span.field == field]
            assert all(first[1] <= second[0] for first, second in pairwise(places))
            assert all(span.text == text[span.start : span.end] for span in each.spans)


def test_the_clause_that_decided_is_told() -> None:
    topic = Topic(id=TopicId("t"), title="T", severity=Severity.HIGH, query="war OR peace AND talks", version="1")
    (matched,) = match(Item(title="talks on peace"), compile_topics((topic,), ()))
    assert matched.clause == "peace AND talks"


def test_explains_clause_by_clause() -> None:
    topic = Topic(
        id=TopicId("t"), title="T", severity=Severity.HIGH, query="peace AND (talks OR truce) AND NOT iran", version="1"
    )
    told = explain(Item(title="peace with Iran"), TopicId("t"), compile_topics((topic,), ()))
    assert [(child.clause, child.holds) for child in told.children] == [
        ("peace", True),
        ("talks OR truce", False),
        ("NOT iran", False),
    ]
    assert (told.holds, told.spans) == (False, ())


def test_a_version_follows_the_query_and_its_entities_only() -> None:
    other = BY_NAME | {"alliance": Entity(name="alliance", spellings=("NATO",))}
    first = query_version("@zelensky AND peace", BY_NAME)
    assert first == query_version("@zelensky   AND   peace", BY_NAME)
    assert first == query_version("@zelensky AND peace", other)
    assert first != query_version("@zelensky AND war", BY_NAME)
    assert query_version("@alliance", BY_NAME) != query_version("@alliance", other)
