"""The news day keeps its own promises: what its entries match is what it says, and what must be told follows from it."""

from collections import Counter

import pytest

from monitor.commands.demo.documents import link_of
from monitor.commands.demo.news_day import NEWS_DAY, Entry, Publisher

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
    assert {str(match.topic_id) for match in TOPICS_OF_THE_PACK(publisher, entry)} == entry.topics


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
