"""The figures of `newsmon evaluate` on an example that was computed by hand."""

import json
from pathlib import Path

import pytest

from monitor.commands.evaluate import Labelled, Measured, evaluate, read_labels, strangers
from monitor.model.ids import TopicId
from monitor.model.severity import Severity
from monitor.model.topic import Topic
from monitor.steps.match import Topics, compile_topics, missing, query_version

QUERIES = {
    "deal": "deal AND ukraine",
    "talks": "talks NOT deal",
    "silent": "zeppelin",
    "idle": "dirigible",
    "noisy": "football",
}
LINES = [  # title, labels; what is right, wrong and missed is at the side
    ("Ukraine deal", ["deal"]),  # deal right
    ("Ukraine deal signed", ["deal", "nowhere"]),  # deal right
    ("A deal for Ukraine's football", []),  # deal wrong
    ("A deal", ["deal", "silent"]),  # deal missed: ukraine; silent missed
    ("Talks on a deal", ["talks"]),  # talks missed: NOT deal
    ("Talks", []),  # talks wrong
]


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps({"title": title, "topics": topics}) + "\n" for title, topics in LINES))
    return path


def compiled() -> Topics:
    topics = [
        Topic(id=TopicId(id_), title=id_, severity=Severity.HIGH, query=query, version=query_version(query, {}))
        for id_, query in QUERIES.items()
    ]
    return compile_topics(topics, ())


def read(path: Path) -> tuple[Labelled, ...]:
    labelled, bad = read_labels(path, {})
    assert bad == ()
    return labelled


def figures(measured: Measured) -> tuple[object, ...]:
    counts = (measured.hits, len(measured.false), len(measured.missed))
    return (*counts, measured.precision, measured.recall, measured.f1)


def test_the_figures(labels: Path) -> None:
    measured = evaluate(read(labels), compiled(), [TopicId(topic) for topic in QUERIES])
    assert {each.topic: figures(each) for each in measured} == {
        "deal": (2, 1, 1, 2 / 3, 2 / 3, 2 / 3),
        "talks": (0, 1, 1, 0.0, 0.0, 0.0),
        "silent": (0, 0, 1, None, 0.0, 0.0),
        "idle": (0, 0, 0, None, None, None),
        "noisy": (0, 1, 0, 0.0, None, None),
    }


def test_every_mistake_has_its_reason(labels: Path) -> None:
    deal, talks = evaluate(read(labels), compiled(), [TopicId("deal"), TopicId("talks")])
    assert [
        (each.text.line, each.match and (each.match.clause, [span.text for span in each.match.spans]))
        for each in deal.false
    ] == [(3, ("deal AND ukraine", ["deal", "Ukraine's"]))]
    lacking = [(each.text.line, each.lacking) for each in (*deal.missed, *talks.missed)]
    assert [(line, told and [each.clause for each in missing(told)]) for line, told in lacking] == [
        (4, ["ukraine"]),
        (5, ["NOT deal"]),
    ]


def test_labels_that_name_no_topic_are_counted(labels: Path) -> None:
    assert strangers(read(labels), [TopicId(topic) for topic in QUERIES]) == {"nowhere": 1}


def test_a_text_without_labels_is_a_bad_line(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"title": "x"}\n{"title": "y", "topics": []}\n{"title": "z", "topics": null}\n')
    labelled, bad = read_labels(path, {})
    assert ([each.text.line for each in labelled], [each.line for each in bad]) == ([2], [1, 3])
