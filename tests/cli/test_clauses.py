"""What a person reads of a query: a tree of what held and what did not, or one line of what was missing."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from monitor.cli.clauses import Look, because, lacking, plain, tree
from monitor.model.ids import TopicId
from monitor.model.item import Item
from monitor.model.severity import Severity
from monitor.model.topic import Entity, Topic
from monitor.steps.match import Explanation, Why, compile_topics, explain

ENTITIES = (Entity(name="kyiv", spellings=("Kyiv", "Kiev")), Entity(name="nato", spellings=("NATO",)))
SIGNS, WORDS = Look(coloured=False, signs=True), Look(coloured=False, signs=False)
MANY = " OR ".join(f"word{number:02}" for number in range(40))


def told(query: str, item: Item) -> Explanation:
    topic = Topic(id=TopicId("t"), title="T", severity=Severity.LOW, query=query, version="1")
    return explain(item, topic.id, compile_topics((topic,), ENTITIES))


def shown(query: str, item: Item, look: Look = SIGNS, width: int = 100) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False, markup=False)
    for line in tree(told(query, item), item, look):
        console.print(line)
    return [line.rstrip() for line in out.getvalue().splitlines()]


FAR = Item(title="Kyiv waits", summary="For years and years. Then Kyiv joined NATO in peace.")
TREES: dict[str, tuple[str, Item, list[str]]] = {
    "a word": ("peace", FAR, ["✓ peace  ← …Kyiv joined NATO in *peace*."]),
    "of alternatives those that hold": (
        "(peace AND joined) OR (war AND lost) OR (a AND b)",
        FAR,
        [
            "✓ peace AND joined",
            "  ✓ peace  ← …Kyiv joined NATO in *peace*.",
            "  ✓ joined  ← …and years. Then Kyiv *joined* NATO in peace.",
            "  … and 2 alternatives that are not there",
        ],
    ),
    "of a NEAR the words that stand near": (
        "@kyiv NEAR/2 @nato",
        FAR,
        [
            "✓ @kyiv NEAR/2 @nato",
            "  ✓ @kyiv  ← …years and years. Then *Kyiv* joined NATO in peace.",
            "  ✓ @nato  ← …Then Kyiv joined *NATO* in peace.",
        ],
    ),
    "the nearest of what does not hold": (
        "(war AND lost) OR (peace AND joined AND later) OR (a AND b)",
        FAR,
        [
            "✗ peace AND joined AND later",
            "  ✓ peace  ← …Kyiv joined NATO in *peace*.",
            "  ✓ joined  ← …and years. Then Kyiv *joined* NATO in peace.",
            "  ✗ later",
            "  … and 2 alternatives that are no nearer",
        ],
    ),
    "too far": (
        "waits NEAR/3 peace",
        Item(title="Kyiv waits for years and years; then peace"),
        [
            "✗ waits NEAR/3 peace  both are there, but too far apart",
            "  ✓ waits  ← Kyiv *waits* for years and years;…",
            "  ✓ peace  ← …years and years; then *peace*",
        ],
    ),
    "excluded": (
        "kyiv NOT (peace OR war)",
        FAR,
        [
            "✗ kyiv AND NOT (peace OR war)",
            "  ✓ kyiv  ← *Kyiv* waits  ← …years and years. Then *Kyiv* joined NATO in peace.",
            "  ✗ NOT (peace OR war)  excluded by “peace”  ← …Kyiv joined NATO in *peace*.",
        ],
    ),
    "many alternatives": (MANY, FAR, ["✗ word00 OR word01 OR word02 OR word03 OR word04 OR word05 OR 34 more"]),
}


@pytest.mark.parametrize("name", TREES)
def test_tree(name: str) -> None:
    query, item, lines = TREES[name]
    assert shown(query, item) == lines


def test_where_a_line_wraps_it_goes_on_below_itself() -> None:
    assert shown("kyiv AND peace", FAR, width=40) == [
        "✓ kyiv AND peace",
        "  ✓ kyiv  ← *Kyiv* waits  ← …years and",
        "    years. Then *Kyiv* joined NATO in",
        "    peace.",
        "  ✓ peace  ← …Kyiv joined NATO in",
        "    *peace*.",
    ]


def test_a_terminal_without_signs_gets_words() -> None:
    assert shown("kyiv AND war", Item(title="Kyiv"), WORDS) == ["no  kyiv AND war", "  yes kyiv  ← *Kyiv*", "  no  war"]


BECAUSE = {
    "a word": ("peace", "because peace  ← …Kyiv joined NATO in *peace*."),
    "of alternatives the first that holds": (
        "(war AND lost) OR (peace AND joined) OR kyiv",
        "because peace and joined  ← …and years. Then Kyiv *joined* NATO in *peace*.",
    ),
    "the narrowest that decided": (
        "((war OR @kyiv NEAR/2 @nato) AND NOT lost) AND (title:war OR NOT title:peace)",
        "because @kyiv NEAR/2 @nato  ← …years and years. Then *Kyiv* joined *NATO* in peace.",
    ),
    "many": (
        "kyiv AND waits AND years AND then AND peace",
        "because kyiv, waits, years and 2 more clauses  ← *Kyiv* *waits*  ← For *years* and *years*. *Then* *Kyiv* joined NATO in *peace*.",
    ),
    "many words": (MANY + " OR peace", "because word00 OR word01 OR word02 OR word03 OR word04 OR word05 OR 35 more  ← …Kyiv joined NATO in *peace*."),
}  # fmt: skip


@pytest.mark.parametrize("name", BECAUSE)
def test_because(name: str) -> None:
    query, line = BECAUSE[name]
    assert because(told(query, FAR), FAR, SIGNS).plain == line


def test_where_only_what_is_not_there_decides_the_whole_says_so() -> None:
    item = Item(title="Kyiv")
    found = replace(told("kyiv AND NOT war", item).children[1], why=Why.HOLDS)
    assert because(found, item, SIGNS).plain == "because NOT war"


LACKING = {
    "one": ("peace", "War", "missing peace"),
    "two": ("peace AND (talks OR truce)", "War", "missing peace and (talks OR truce)"),
    "many": ("a AND b AND c AND d AND e", "War", "missing a, b, c and 2 more clauses"),
    "the nearest alternative": ("(a AND b) OR (c AND d AND war)", "Peace b", "missing a"),
    "too far": ("peace NEAR/1 war", "Peace, not quite, war", "missing peace NEAR/1 war (both are there, but too far apart)"),
    "only excluded": ("peace NOT war", "War, peace", "excluded by “War” (NOT war)"),
    "missing and excluded": ("peace AND NOT (war OR iran)", "War in Iran", "missing peace; excluded by “War” and “Iran” (NOT (war OR iran))"),
}  # fmt: skip


@pytest.mark.parametrize("name", LACKING)
def test_lacking(name: str) -> None:
    query, title, line = LACKING[name]
    assert lacking(told(query, Item(title=title))) == line


def test_fields_that_are_apart() -> None:
    found = told("kyiv NEAR/3 nato", Item(title="Kyiv", summary="NATO"))
    assert lacking(found) == "missing kyiv NEAR/3 nato (both are there, but apart: in title and summary)"


def test_three_parts_that_are_apart_are_not_both() -> None:
    found = told("kyiv BEFORE/2 joins BEFORE/2 nato", Item(title="Kyiv joins", summary="NATO"))
    assert lacking(found).endswith("(all are there, but apart: in title and summary)")


def test_plain() -> None:
    assert plain(told("peace AND war", Item(title="Peace"))) == {
        "clause": "peace AND war",
        "kind": "all",
        "holds": False,
        "why": "incomplete",
        "spans": [],
        "children": [
            {
                "clause": "peace",
                "kind": "words",
                "holds": True,
                "why": "holds",
                "spans": [{"field": "title", "start": 0, "end": 5, "text": "Peace"}],
                "children": [],
            },
            {"clause": "war", "kind": "words", "holds": False, "why": "absent", "spans": [], "children": []},
        ],
    }
