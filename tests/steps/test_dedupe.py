"""The identity rules, as one table of named cases: entries of the past, one entry now, what it is."""

from dataclasses import dataclass

import pytest

from monitor.model.feed import Feed
from monitor.model.ids import FeedId, ItemId
from monitor.model.item import Item, Neighbours, Seen
from monitor.steps.dedupe import Known, identify, item_id, keys_of, publisher_of, without_publisher

BBC, CNN = FeedId("bbc"), FeedId("cnn")
LINK = "https://news.example/world/kyiv-talks-123"


def entry(
    guid: str = "tag:1", link: str = LINK, title: str = "Talks begin", summary: str = "Envoys meet in Riyadh."
) -> Item:
    return Item(guid=guid, link=link, title=title, summary=summary)


class Memory:
    """A store that remembers keys, as the tables do."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, FeedId, ItemId]] = []

    def see(self, feed: FeedId, item: Item) -> tuple[ItemId, Seen, bool, bool]:
        keys = keys_of(item, "BBC")
        new_id = item_id(feed, keys)
        known = Known([(keys, new_id)], [self._near(feed, keys, new_id)])
        found = identify(keys, known.near(keys, new_id), new_id)
        self._rows[:0] = [(key, feed, found.item_id) for _, key in keys.pairs()]
        return found.item_id, found.why, found.is_new, found.text_is_new

    def _near(self, feed: FeedId, keys: object, new_id: ItemId) -> Neighbours:
        def here(key: str | None) -> tuple[ItemId, ...]:
            return tuple(dict.fromkeys(item for known, where, item in self._rows if known == key and where == feed))

        link = keys.link  # type: ignore[attr-defined]
        return Neighbours(
            by_guid=here(keys.guid),  # type: ignore[attr-defined]
            by_link=here(link),
            by_text=here(keys.text),  # type: ignore[attr-defined]
            elsewhere=next(
                (item for known, where, item in self._rows if link and known == link and where != feed), None
            ),
            same_id=any(item == new_id for _, _, item in self._rows),
        )


@dataclass(frozen=True)
class Case:
    before: tuple[tuple[FeedId, Item], ...]
    now: tuple[FeedId, Item]
    why: Seen
    same_as: int | None  # which of `before` it is; None: a new item
    text_is_new: bool = False


FIRST = (BBC, entry())

CASES = {
    "first seen": Case((), FIRST, Seen.NEW, None, text_is_new=True),
    "listed again": Case((FIRST,), FIRST, Seen.REPEAT, 0),
    "re-dated and re-ordered": Case(
        (FIRST, (BBC, entry("tag:2", LINK + "4", "Other", "Another story."))), FIRST, Seen.REPEAT, 0
    ),
    "F8-tracking parameters": Case(
        (FIRST,), (BBC, entry(link=LINK + "?utm_source=rss&utm_medium=feed")), Seen.REPEAT, 0
    ),
    "mobile link": Case((FIRST,), (BBC, entry(link=LINK.replace("news.", "m.news."))), Seen.REPEAT, 0),
    "guid in another case": Case((FIRST,), (BBC, entry(guid="TAG:1")), Seen.RE_GUIDED, 0),
    "F7-guid gone": Case((FIRST,), (BBC, entry(guid="")), Seen.REPEAT, 0),
    "F7-guid and link gone": Case((FIRST,), (BBC, entry(guid="", link="")), Seen.SAME_TEXT, 0),
    "F8-guid changed, link known": Case((FIRST,), (BBC, entry(guid="tag:99")), Seen.RE_GUIDED, 0),
    "F8-guid and link changed, title and text equal": Case(
        (FIRST,), (BBC, entry(guid="tag:99", link="https://new.example/a/1")), Seen.RE_GUIDED, 0
    ),
    "link changed, guid and text known": Case((FIRST,), (BBC, entry(link=LINK + "-new")), Seen.REPEAT, 0),
    "F9-guid reused for a new story": Case(
        (FIRST,),
        (BBC, entry(link=LINK + "9", title="Storm hits coast", summary="Winds of 150 km/h.")),
        Seen.GUID_REUSED,
        None,
        text_is_new=True,
    ),
    "same link in another feed": Case((FIRST,), (CNN, entry(guid="x")), Seen.SAME_LINK_OTHER_FEED, 0, text_is_new=True),
    "same link in another feed, listed again": Case(
        (FIRST, (CNN, entry(guid="x"))), (CNN, entry(guid="x")), Seen.REPEAT, 0
    ),
    "same text in another feed is another item": Case(
        (FIRST,), (CNN, entry(guid="x", link="https://cnn.example/1")), Seen.NEW, None, text_is_new=True
    ),
    "edited headline": Case((FIRST,), (BBC, entry(title="Talks end without a deal")), Seen.EDITED, 0, text_is_new=True),
    "edited back": Case((FIRST, (BBC, entry(title="Talks end without a deal"))), FIRST, Seen.REPEAT, 0),
    "live blog: same title, new link, new text": Case(
        ((BBC, entry("l1", LINK + "/live1", "Ukraine war: live updates", "Monday's events.")),),
        (BBC, entry("l2", LINK + "/live2", "Ukraine war: live updates", "Tuesday's events.")),
        Seen.NEW,
        None,
        text_is_new=True,
    ),
    "live blog without any text": Case(
        ((BBC, entry("l1", LINK + "/live1", "Ukraine war: live updates", "")),),
        (BBC, entry("l2", LINK + "/live2", "Ukraine war: live updates", "")),
        Seen.NEW,
        None,
        text_is_new=True,
    ),
    "F7-no guid and no link, title alone": Case(
        ((BBC, entry("", "", "Bulletin 7", "")),), (BBC, entry("", "", "Bulletin 7", "")), Seen.SAME_TEXT, 0
    ),
    "a bare home page is no identity": Case(
        ((BBC, entry("", "https://news.example/", "One", "First story.")),),
        (BBC, entry("", "https://news.example/", "Two", "Second story.")),
        Seen.NEW,
        None,
        text_is_new=True,
    ),
    "guid without a link": Case(
        ((BBC, entry("only", "", "Old words", "Old text.")),),
        (BBC, entry("only", "", "New words", "New text.")),
        Seen.EDITED,
        0,
        text_is_new=True,
    ),
    "publisher at the end of the title": Case((FIRST,), (BBC, entry("", "", "Talks begin - BBC")), Seen.SAME_TEXT, 0),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_identity(case: Case) -> None:
    memory = Memory()
    before = [memory.see(*one)[0] for one in case.before]
    item, why, is_new, text_is_new = memory.see(*case.now)
    same_as = before.index(item) if item in before else None
    assert (why, same_as, is_new, text_is_new) == (case.why, case.same_as, case.same_as is None, case.text_is_new)


def test_f10_a_whole_feed_that_is_given_new_guids_brings_nothing_new() -> None:
    memory = Memory()
    stories = [entry(f"old:{n}", f"{LINK}{n}", f"Story {n}", f"Text {n}.") for n in range(40)]
    ids = [memory.see(BBC, story)[0] for story in stories]
    again = [
        memory.see(BBC, entry(f"new:{n}", story.link, story.title, story.summary)) for n, story in enumerate(stories)
    ]
    assert [(item, why, is_new) for item, why, is_new, _ in again] == [(item, Seen.RE_GUIDED, False) for item in ids]


def test_ids_are_deterministic_and_differ_by_feed() -> None:
    keys = keys_of(entry(), "BBC")
    assert item_id(BBC, keys) == item_id(BBC, keys_of(entry(), "BBC"))
    assert item_id(BBC, keys) != item_id(CNN, keys)


PUBLISHERS = {
    "own feed": (Feed(id=BBC, url="https://x/", publisher="BBC"), Item(link=LINK, source_title="Reuters"), "BBC"),
    "aggregator with source": (
        Feed(id=BBC, url="https://x/", publisher="Aggregator", aggregator=True),
        Item(link=LINK, source_title="Reuters"),
        "Reuters",
    ),
    "aggregator without source": (
        Feed(id=BBC, url="https://x/", publisher="Aggregator", aggregator=True),
        Item(link="https://www.lemonde.fr/a/1"),
        "lemonde.fr",
    ),
    "aggregator without anything": (
        Feed(id=BBC, url="https://x/", publisher="Aggregator", aggregator=True),
        Item(),
        "Aggregator",
    ),
}


@pytest.mark.parametrize(("feed", "item", "expected"), PUBLISHERS.values(), ids=PUBLISHERS.keys())
def test_publisher(feed: Feed, item: Item, expected: str) -> None:
    assert publisher_of(feed, item) == expected


TITLES = {
    "cut": ("Talks begin - Fakt", "Fakt", "Talks begin"),
    "another name stays": ("Talks begin - live", "Fakt", "Talks begin - live"),
    "nothing before the dash": (" - Fakt", "Fakt", " - Fakt"),
    "case does not matter": ("Talks begin | FAKT", "Fakt", "Talks begin"),
}


@pytest.mark.parametrize(("title", "publisher", "expected"), TITLES.values(), ids=TITLES.keys())
def test_publisher_in_the_title(title: str, publisher: str, expected: str) -> None:
    assert without_publisher(title, publisher) == expected
