"""The news day keeps its own promises: what its entries match is what it says, and what must be told follows from it."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from monitor.commands.demo.documents import CONTENT_TYPES, document, link_of
from monitor.commands.demo.news_day import NEWS_DAY, Entry, Publisher
from monitor.config import load, shipped
from monitor.model.item import Parsed
from monitor.model.poll import Document
from monitor.steps.match import compile_topics, match
from monitor.steps.parse import parse

NOW = datetime(2025, 2, 24, 12, tzinfo=UTC)
_CONFIGURATION = load(shipped(), {})
PACK = compile_topics(_CONFIGURATION.topics, _CONFIGURATION.entities)

WORDED = [
    (publisher, number, entry)
    for number, stage in enumerate(NEWS_DAY.stages)
    for publisher in NEWS_DAY.publishers
    for entry in stage.listed.get(publisher.feed, ())
]


@pytest.mark.parametrize(
    ("publisher", "number", "entry"), WORDED, ids=[f"{number}-{entry.slug}" for _, number, entry in WORDED]
)
def test_matches_the_topics_that_it_says(publisher: Publisher, number: int, entry: Entry) -> None:
    parsed = parse(Document(body=document(publisher, (entry,), NOW), content_type=CONTENT_TYPES[publisher.kind]), NOW)
    assert isinstance(parsed, Parsed)
    assert [{str(found.topic_id) for found in match(item, PACK)} for item in parsed.items] == [set(entry.topics)]


def test_an_entry_is_told_when_its_words_are_new_and_match() -> None:
    """Not at the baseline, and no link twice: the reprint is the Wire's item."""
    expected: Counter[str] = Counter()
    known = {link_of(publisher, entry).partition("?")[0] for publisher, number, entry in WORDED if number == 0}
    for publisher, number, entry in WORDED:
        link = link_of(publisher, entry).partition("?")[0]
        if number and entry.topics and link not in known:
            expected[entry.title] += 1
            known.add(link)
    assert Counter(entry.title for stage in NEWS_DAY.stages for entry in stage.told) == expected
