"""Hostile texts and queries: four times as long takes about four times as long, never sixteen times."""

import time

import pytest

from monitor.model.ids import TopicId
from monitor.model.item import Item
from monitor.model.severity import Severity
from monitor.model.topic import Topic
from monitor.steps.match import Topics, compile_topics, explain, match

SHORT, LONG = 16_000, 64_000  # bytes
TIMES_LONGER_MAX = 9  # four is linear, sixteen quadratic; between them is room for the noise of a busy machine
ROUNDS = 3

TEXTS = {
    "one word": "aaa ",
    "one letter": "a ",
    "two words": "aaa bbb ",
    "never near": "aaa x x x x x bbb x x x x x ",
    "joined by hyphens": "aaa-",
    "pairs": "aaa-bbb ",
    "apostrophes": "a'",
    "dots": "a.",
    "no blanks": "x",
    "Han": "和平",
    "Thai": "สันติภาพ",
    "Arabic with vowels": "سَلام ",
    "combining marks": "a\u0301\u0301\u0301\u0301",
    "emoji": "👍🏻",
    "mixed scripts": "aaa-бв é 和",
}
QUERIES = {
    "near": "aaa NEAR/5 bbb",
    "far": "aaa NEAR/100 bbb",
    "a chain": " BEFORE/4 ".join(["aaa"] * 48),
    "deep": "(" * 40 + "aaa" + " NEAR/3 bbb)" * 40,
    "many nears": " OR ".join(f'aaa NEAR/{n % 100} (bbb NEAR/{n % 7} "aaa bbb")' for n in range(450)),
    "many phrases": " OR ".join(
        '"' + " ".join(["aaa", "bbb"][n >> bit & 1] for bit in range(10)) + '"' for n in range(440)
    ),
    "a long phrase": '"' + " ".join(["aaa"] * 4_000) + '"',
    "prefixes": " OR ".join(f"a{b}{c}*" for b in "abcdefghij" for c in "abcdefghij"),
    "some of many": "ATLEAST/30 (" + ", ".join(f"aaa NEAR/{n} bbb" for n in range(60)) + ")",
    "Han": "和平 NEAR/9 平和",
    "absence": "aaa AND NOT (aaa NEAR/2 ccc)",
}


def of_size(piece: str, size: int) -> Item:
    return Item(
        title=piece, summary=(piece * (size // len(piece.encode()) + 1)).encode()[:size].decode(errors="ignore")
    )


def compiled(query: str) -> Topics:
    return compile_topics((Topic(id=TopicId("t"), title="T", severity=Severity.LOW, query=query, version="1"),), ())


def seconds(topics: Topics, item: Item) -> float:
    started = time.process_time()
    match(item, topics)
    return time.process_time() - started


@pytest.mark.parametrize("text", TEXTS.values(), ids=[f"F17-{name}" for name in TEXTS])
def test_the_time_grows_with_the_text(text: str) -> None:
    worst: dict[str, float] = {}
    for name, query in QUERIES.items():
        topics = compiled(query)
        short, long = of_size(text, SHORT), of_size(text, LONG)
        times = [(seconds(topics, short), seconds(topics, long)) for _ in range(ROUNDS)]
        worst[name] = min(one for _, one in times) / min(one for one, _ in times)
    assert {name: round(ratio, 1) for name, ratio in worst.items() if ratio > TIMES_LONGER_MAX} == {}


@pytest.mark.parametrize("query", QUERIES.values(), ids=[f"F17-{name}" for name in QUERIES])
def test_every_clause_can_be_explained(query: str) -> None:
    told = explain(of_size("aaa bbb ", SHORT), TopicId("t"), compiled(query))
    assert told.clause
