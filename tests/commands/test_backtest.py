"""What a backtest counts and lists, on items that a table names."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from monitor.commands.backtest import Backtest, Report, Version, reworded, version_of
from monitor.commands.past import Given, Portion, of_files
from monitor.model.feed import Feed
from monitor.model.ids import FeedId, ItemId, TopicId
from monitor.model.item import Item, Origin, Parsed, ParseFailure, StoredItem
from monitor.model.poll import Document
from monitor.model.severity import Severity
from monitor.model.topic import Entity, Escalation, Topic
from monitor.steps.match import QueryError, missing

MONDAY = datetime(2025, 2, 24, 9, tzinfo=UTC)
ENTITIES = (Entity(name="kyiv", spellings=("Kyiv", "Kiev")),)
TALKS = Topic(
    id=TopicId("talks"),
    title="Talks",
    severity=Severity.HIGH,
    query="@kyiv AND talks",
    version="1",
    escalations=(Escalation(query="urgent", severity=Severity.CRITICAL),),
)


def given(title: str, day: float | None = 0, link: str = "", feed: str = "") -> Given:
    at = None if day is None else MONDAY + timedelta(days=day)
    return Given(item=Item(title=title, link=link), origin=Origin(feed=feed), at=at)


def version(query: str) -> Version:
    return version_of(reworded(TALKS.id, TALKS, query, ENTITIES), ENTITIES)


LIVE = version_of(TALKS, ENTITIES)
PAST = (
    given("Kiev talks"),
    given("Urgent: talks in Kyiv", 1),
    given("Kyiv truce", 1),
    given("Talks in Kyiv postponed", 3.5),
    given("Rain", 4),
    given("Truce near Kyiv", None),
)


def report(live: Version | None, changed: Version | None, past: tuple[Given, ...] = PAST, limit: int = 9) -> Report:
    test = Backtest(live, changed, limit=limit)
    for each in past:
        test.judge(each)
    return test.report()


def titles(found: object) -> list[str]:
    assert isinstance(found, tuple)
    return [each.given.item.title for each in found]


def test_the_live_topic_alone() -> None:
    done = report(LIVE, None)
    assert (done.items, done.undated, done.first, done.last) == (6, 1, MONDAY, MONDAY + timedelta(days=4))
    assert (done.tested, done.live) == (done.live, done.tested)
    assert (done.tested.alerts, done.tested.undated) == (3, 0)
    assert done.tested.by_day == {date(2025, 2, 24): 1, date(2025, 2, 25): 1, date(2025, 2, 27): 1}
    assert done.tested.severities == {Severity.HIGH: 2, Severity.CRITICAL: 1}
    assert done.tested.busiest == (date(2025, 2, 24), 1)
    assert titles(done.alerts_listed) == ["Talks in Kyiv postponed", "Urgent: talks in Kyiv", "Kiev talks"]
    assert (done.added, done.removed, done.added_listed, done.removed_listed) == (0, 0, (), ())


def test_the_difference() -> None:
    done = report(LIVE, version("@kyiv AND (talks OR truce) NOT urgent"))
    assert (done.added, done.removed) == (2, 1)
    assert titles(done.added_listed) == ["Kyiv truce", "Truce near Kyiv"]  # undated ones stand last
    assert titles(done.removed_listed) == ["Urgent: talks in Kyiv"]
    assert [told and [each.clause for each in missing(told)] for told in (done.removed_listed[0].lacking,)] == [
        ["NOT urgent"]
    ]
    assert [span.text for span in done.added_listed[0].match.spans] == ["Kyiv", "truce"]
    assert done.live is not None
    assert (done.live.alerts, done.tested.alerts, done.tested.undated) == (3, 4, 1)
    assert done.tested.severities == {Severity.HIGH: 4}


def test_a_draft_has_nothing_to_compare_with() -> None:
    draft = version_of(reworded(TopicId("rain"), None, "rain", ENTITIES), ENTITIES)
    done = report(None, draft)
    assert (done.live, done.tested.alerts, done.added, done.removed) == (None, 1, 0, 0)
    assert draft.topic.title == "rain"


def test_a_changed_query_keeps_all_else_and_has_a_version_of_its_own() -> None:
    changed = reworded(TALKS.id, TALKS, "truce", ENTITIES)
    assert (changed.severity, changed.escalations, changed.query) == (TALKS.severity, TALKS.escalations, "truce")
    assert changed.version not in {TALKS.version, reworded(TALKS.id, TALKS, "truces", ENTITIES).version}
    with pytest.raises(QueryError, match="closes no bracket"):
        reworded(TALKS.id, TALKS, "truce)", ENTITIES)


def test_lists_are_cut_to_the_newest_and_counts_are_not() -> None:
    done = report(LIVE, None, limit=2)
    assert (titles(done.alerts_listed), done.tested.alerts) == (["Talks in Kyiv postponed", "Urgent: talks in Kyiv"], 3)
    assert report(LIVE, None, limit=0).alerts_listed == ()
    same = tuple(given(f"Kyiv talks {number}") for number in range(4))
    assert titles(report(LIVE, None, same, limit=2).alerts_listed) == ["Kyiv talks 0", "Kyiv talks 1"]


@pytest.mark.parametrize(
    ("days", "averaged_over"),
    [
        ((), 0.0),
        ((None,), 0.0),
        ((0,), 1.0),
        ((0, 0.5), 1.0),
        ((0.5, 1), 1.0),  # two dates, but half a day: a rate of one day
        ((0, 1, 2, 3.5), 3.5),
        ((0, 1, -4_000), 3.0),  # one stray date dilutes nothing
    ],
)
def test_what_alerts_a_day_are_averaged_over(days: tuple[float | None, ...], averaged_over: float) -> None:
    done = report(LIVE, None, tuple(given("Kyiv talks", day) for day in days))
    assert done.days == averaged_over


def test_the_rate_leaves_undated_alerts_out() -> None:
    past = (given("Kyiv talks", 0), given("Talks in Kyiv", 2), given("Talks of Kyiv", None))
    done = report(LIVE, None, past)
    assert (done.tested.alerts, done.tested.undated, done.a_day(done.tested)) == (3, 1, 1.0)
    nothing = report(LIVE, None, ())
    assert (nothing.a_day(nothing.tested), nothing.tested.busiest) == (None, None)


@pytest.mark.parametrize(
    ("first", "second", "alerts", "repeats"),
    [
        (
            given("Kyiv talks", link="https://a.example/1?utm_source=x"),
            given("Kyiv: talks", link="https://a.example/1"),
            1,
            1,
        ),
        (given("Kyiv talks"), given("Kyiv talks"), 1, 1),
        (given("Kyiv talks", link="https://a.example/1"), given("Kyiv talks", link="https://b.example/1"), 2, 0),
        (given("Rain", link="https://a.example/1"), given("Kyiv talks", link="https://a.example/1"), 1, 0),  # edited
    ],
)
def test_an_entry_of_files_alerts_once(first: Given, second: Given, alerts: int, repeats: int) -> None:
    done = report(LIVE, None, (first, second))
    assert (done.items, done.tested.alerts, done.repeats) == (2, alerts, repeats)


def test_stored_items_are_no_repeats() -> None:
    item = Item(title="Kyiv talks", link="https://a.example/1")
    kept = (
        StoredItem(id=ItemId(id_), feed_id=FeedId("wire"), publisher="Wire", item=item, first_seen=MONDAY)
        for id_ in "ab"
    )
    past = tuple(Given(item=item, origin=Origin(), at=MONDAY, stored=stored) for stored in kept)
    done = report(LIVE, None, past)
    assert (done.tested.alerts, done.repeats) == (2, 0)


class Parser:
    async def parse(self, document: Document, now: datetime) -> Parsed | ParseFailure:
        if b"<rss" not in document.body:
            return ParseFailure(detail="an HTML page")
        items = (Item(title="Kyiv talks", published=MONDAY), Item(title="Old", published=MONDAY - timedelta(days=9)))
        return Parsed(kind="rss20", title="Wire", items=items)


async def read(files: list[Path], since: datetime | None = None) -> list[Portion]:
    feeds = [Feed(id=FeedId("wire"), url="https://wire.example/rss", publisher="Wire", tags=("english",))]
    return [portion async for portion in of_files([str(file) for file in files], Parser(), feeds, since, MONDAY)]


def test_files_of_both_kinds_and_what_cannot_be_read(tmp_path: Path) -> None:
    import asyncio

    lines, feed, page, gone = (tmp_path / name for name in ("a.jsonl", "b.xml", "c.html", "d.xml"))
    lines.write_text(
        '{"title": "Undated", "feed": "wire"}\n{\n{"title": "Dated", "published": "2025-02-24T09:00:00Z"}\n'
    )
    feed.write_text("<rss/>")
    page.write_text("<html>")
    portions = asyncio.run(read([lines, feed, page, gone, tmp_path / "e.jsonl"]))
    assert [(each.item.title, each.origin, each.at) for portion in portions for each in portion.given] == [
        ("Undated", Origin(feed="wire", publisher="Wire", tags=("english",)), None),
        ("Dated", Origin(), MONDAY),
        ("Kyiv talks", Origin(publisher="Wire"), MONDAY),
        ("Old", Origin(publisher="Wire"), MONDAY - timedelta(days=9)),
    ]
    assert [line for portion in portions for line in portion.bad_lines] == [
        f"{lines}:2: expected a JSON object: Expecting property name enclosed in double quotes at column 2"
    ]
    assert sorted(portion.unread for portion in portions if portion.unread) == [
        f"{page}: an HTML page",
        f"{gone}: No such file or directory",
        f"{tmp_path / 'e.jsonl'}: No such file or directory",
    ]
    assert sum(portion.size for portion in portions) == sum(file.stat().st_size for file in (lines, feed, page))
    younger = asyncio.run(read([lines, feed], MONDAY - timedelta(days=1)))
    assert [each.item.title for portion in younger for each in portion.given] == ["Undated", "Dated", "Kyiv talks"]
