"""The news day keeps its own promises: its entries match what they say, and what must be told follows from that."""

from collections import Counter

import pytest

from monitor.commands.demo.documents import link_of
from monitor.commands.demo.folder import TOPICS
from monitor.commands.demo.news_day import NEWS_DAY, Entry
from monitor.config import load, shipped
from monitor.model.item import Item
from monitor.steps.match import Topics, compile_topics, match
from monitor.text.urls import canonical

WORDED = [
    (number, publisher, entry)
    for number, stage in enumerate(NEWS_DAY.stages)
    for publisher in NEWS_DAY.publishers
    for entry in stage.listed.get(publisher.feed, ())
]


@pytest.fixture(scope="module")
def topics() -> Topics:
    pack = load(shipped(), {})
    return compile_topics(pack.topics, pack.entities)


@pytest.mark.parametrize("entry", [entry for _, _, entry in WORDED], ids=lambda entry: entry.slug)
def test_matches_the_topics_that_it_says(entry: Entry, topics: Topics) -> None:
    item = Item(title=entry.title, summary=entry.summary, author=entry.author)
    assert {found.topic_id for found in match(item, topics)} == entry.topics


def test_told_is_what_matches_and_was_not_known() -> None:
    """Nothing of the baseline, and no link twice: the reprint is the Wire's item."""
    links = [canonical(link_of(publisher, entry)) for _, publisher, entry in WORDED]
    known = {link for link, (number, _, entry) in zip(links, WORDED, strict=True) if number == 0 and entry.topics}
    expected: Counter[str] = Counter()
    for link, (number, _, entry) in zip(links, WORDED, strict=True):
        if number and entry.topics and link not in known:
            expected[entry.title] += 1
            known.add(link)
    assert Counter(entry.title for stage in NEWS_DAY.stages for entry in stage.told) == expected


def test_the_day_has_what_a_day_must_have() -> None:
    told = [entry for stage in NEWS_DAY.stages for entry in stage.told]
    assert NEWS_DAY.refused_once in {entry.title for entry in told}
    assert any(len(entry.topics) > 1 for entry in told), "an item of several topics"
    assert any(stage.troubles for stage in NEWS_DAY.stages), "a feed that fails"
    assert any(entry.minutes_ago is None for _, _, entry in WORDED), "an entry without a date"
    assert len({publisher.lang for publisher in NEWS_DAY.publishers}) >= 3, "several languages"
    assert {topic for entry in told for topic in entry.topics} >= {"nato-membership", "minerals-deal", "peace-talks"}
    assert (shipped() / TOPICS).is_file()
