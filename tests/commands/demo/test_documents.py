"""Every document of the news day is a good feed: it is parsed without complaint into what the day says."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.commands.demo.documents import BROKEN, CONTENT_TYPES, document, link_of
from monitor.commands.demo.news_day import NEWS_DAY, Kind, Publisher
from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Document
from monitor.steps.parse import parse

START = datetime(2025, 2, 24, 18, 0, tzinfo=UTC)
STAGES = range(len(NEWS_DAY.stages))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("publisher", NEWS_DAY.publishers, ids=lambda publisher: publisher.feed)
def test_is_read_as_the_day_says(publisher: Publisher, stage: int) -> None:
    entries = NEWS_DAY.listed(publisher.feed, stage)
    body = document(publisher, entries, START)
    read = parse(Document(body=body, content_type=CONTENT_TYPES[publisher.kind], url="http://127.0.0.11:1/feed"), START)
    assert isinstance(read, Parsed)
    assert (read.title, read.lang, read.complaints) == (publisher.name, publisher.lang, ())
    assert [(item.title, item.summary, item.link, item.author, item.published) for item in read.items] == [
        (
            entry.title,
            entry.summary,
            link_of(publisher, entry),
            entry.author,
            None if entry.minutes_ago is None else START - timedelta(minutes=entry.minutes_ago),
        )
        for entry in entries
    ]


def test_every_format_is_played() -> None:
    assert {publisher.kind for publisher in NEWS_DAY.publishers} == set(Kind)


def test_equal_news_gives_equal_bytes() -> None:
    for publisher in NEWS_DAY.publishers:
        entries = NEWS_DAY.listed(publisher.feed, 0)
        assert document(publisher, entries, START) == document(publisher, entries, START)


def test_a_broken_body_is_no_feed() -> None:
    assert isinstance(parse(Document(body=BROKEN, content_type="text/html"), START), ParseFailure)
