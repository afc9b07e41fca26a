"""explain: a query clause by clause, and what was missing where it does not hold."""

import pytest

from monitor.model.ids import TopicId
from monitor.model.item import Item
from monitor.model.severity import Severity
from monitor.model.topic import Entity, Topic
from monitor.steps.match import Explanation, Kind, Why, compile_topics, explain, missing

ENTITIES = (
    Entity(name="kyiv", spellings=("Kyiv", "Kiev")),
    Entity(name="nato", spellings=("NATO",)),
)


def told(query: str, title: str, summary: str = "") -> Explanation:
    topic = Topic(id=TopicId("t"), title="T", severity=Severity.LOW, query=query, version="1")
    return explain(Item(title=title, summary=summary), topic.id, compile_topics((topic,), ENTITIES))


def _outline(told: Explanation) -> tuple[object, ...]:
    words = [span.text for span in told.spans]
    return (told.kind.value, told.why.value, words, *map(_outline, told.children))


OUTLINES = {
    "words": ("peace", "Peace", ("words", "holds", ["Peace"])),
    "no words": ("peace", "War", ("words", "absent", [])),
    "all of it": (
        "peace AND talks",
        "Peace talks",
        ("all", "holds", ["Peace", "talks"], ("words", "holds", ["Peace"]), ("words", "holds", ["talks"])),
    ),
    "a part of it": (
        "peace AND talks",
        "Peace",
        ("all", "incomplete", [], ("words", "holds", ["Peace"]), ("words", "absent", [])),
    ),
    "one of two": (
        "peace OR talks",
        "Talks",
        ("any", "holds", ["Talks"], ("words", "absent", []), ("words", "holds", ["Talks"])),
    ),
    "neither of two": (
        "peace OR talks",
        "War",
        ("any", "incomplete", [], ("words", "absent", []), ("words", "absent", [])),
    ),
    "forbidden and not there": (
        "peace NOT war",
        "Peace",
        ("all", "holds", ["Peace"], ("words", "holds", ["Peace"]), ("not", "holds", [], ("words", "absent", []))),
    ),
    "forbidden and there": (
        "peace NOT war",
        "War or peace",
        (
            "all",
            "incomplete",
            [],
            ("words", "holds", ["peace"]),
            ("not", "excluded", ["War"], ("words", "holds", ["War"])),
        ),
    ),
    "near": (
        "@kyiv NEAR/2 @nato",
        "Kyiv joins NATO",
        ("near", "holds", ["Kyiv", "NATO"], ("words", "holds", ["Kyiv"]), ("words", "holds", ["NATO"])),
    ),
    "one side of near": (
        "@kyiv NEAR/2 @nato",
        "Kyiv",
        ("near", "incomplete", [], ("words", "holds", ["Kyiv"]), ("words", "absent", [])),
    ),
    "both sides, too far": (
        "@kyiv NEAR/2 @nato",
        "Kyiv one two three NATO",
        ("near", "too_far", ["Kyiv", "NATO"], ("words", "holds", ["Kyiv"]), ("words", "holds", ["NATO"])),
    ),
}


@pytest.mark.parametrize("name", OUTLINES)
def test_what_became_of_each_clause(name: str) -> None:
    query, title, outline = OUTLINES[name]
    assert _outline(told(query, title)) == outline


def test_both_sides_of_a_near_in_different_fields() -> None:
    found = told("@kyiv NEAR/2 @nato", "Kyiv", "NATO")
    assert (found.why, [(span.field, span.text) for span in found.spans]) == (
        Why.OTHER_FIELD,
        [("title", "Kyiv"), ("summary", "NATO")],
    )


MISSING: dict[str, tuple[str, str, list[object]]] = {
    "nothing of what holds": ("peace talks", "Peace talks", []),
    "a word": ("peace", "War", ["peace"]),
    "each part that does not hold": ("peace talks now", "Talks", ["peace", "now"]),
    "parts of parts": ("peace AND (talks OR (truce AND now))", "Truce", ["peace", ["truce AND now", "talks"]]),
    "alternatives, the nearest first": (
        "(one AND two AND three) OR (four AND five) OR six NEAR/2 seven",
        "one two seven",
        [["one AND two AND three", "six NEAR/2 seven", "four AND five"]],
    ),
    "a word of two is as near as a word alone": ("(one AND two) OR three", "one", [["one AND two", "three"]]),
    "alternatives that are equally far, as they are written": ("b OR a OR c", "d", [["b", "a", "c"]]),
    "what is forbidden and not there brings nothing nearer": (
        "(one AND NOT two) OR three OR (four AND five)",
        "six",
        [["one AND NOT two", "three", "four AND five"]],
    ),
    "nor does what is forbidden and there": (
        "(one AND two) OR (one AND NOT war)",
        "one war",
        [["one AND two", "one AND NOT war"]],
    ),
    "the side of near that is not there": ("(peace OR truce) NEAR/3 talks", "Truce", ["talks"]),
    "both sides of near": ("peace NEAR/3 talks", "War", ["peace", "talks"]),
    "a near too far apart": ("war AND peace NEAR/1 talks", "War, peace in our time, talks", ["peace NEAR/1 talks"]),
    "a near within a near": ("a NEAR/9 (b NEAR/1 c)", "a b x y c", ["b NEAR/1 c"]),
    "what is forbidden": ("peace NOT (war OR iran)", "Peace, Iran", ["NOT (war OR iran)"]),
    "an alternative that only what is forbidden spoils": (
        "(peace AND talks AND NOT iran) OR truce AND now",
        "Peace talks, Iran",
        [["peace AND talks AND NOT iran", "truce AND now"]],
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing(name: str) -> None:
    query, title, expected = MISSING[name]
    found = [
        [child.clause for child in each.children] if each.kind is Kind.ANY else each.clause
        for each in missing(told(query, title))
    ]
    assert found == expected


def test_what_was_excluded_is_shown() -> None:
    (excluded,) = missing(told("peace NOT (war OR iran)", "Peace, Iran, and no war"))
    assert (excluded.why, [span.text for span in excluded.spans]) == (Why.EXCLUDED, ["Iran", "war"])
