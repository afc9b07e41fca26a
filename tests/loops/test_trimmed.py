"""A feed that is read whole at every poll, and the same one read without the entries that were seen: all that comes of it is equal."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from monitor.adapters.store import feeds
from monitor.adapters.store.books import StoreLedger
from monitor.adapters.store.open import Store
from monitor.adapters.store.tables import metadata
from monitor.loops.process import Rules, ingest
from monitor.model.alert import Route
from monitor.model.feed import Feed, FirstPoll
from monitor.model.ids import FeedId, ReceiverId, TopicId
from monitor.model.item import Parsed
from monitor.model.poll import Document, Outcome, PollResult, Validators
from monitor.model.severity import Severity
from monitor.model.topic import Topic
from monitor.steps.match import compile_topics
from monitor.steps.parse import parse
from monitor.steps.trim import trim
from tests.loops.clock import NOW, Clock

HOUR = timedelta(hours=1)
URL = "https://news.example/rss"
TOPICS = (
    Topic(id=TopicId("minerals"), title="Minerals", severity=Severity.HIGH, query="minerals NEAR/3 deal", version="1"),
    Topic(id=TopicId("nato"), title="NATO", severity=Severity.MEDIUM, query="nato", version="1"),
    Topic(id=TopicId("sport"), title="Sport", severity=Severity.LOW, query="football", version="1"),
)
# When an entry was listed is all that a repeat changes.
UNTOLD = {
    "item_keys": {"listed_at"},
    "feeds": {"id", "entry_hashes", "document_at", "listed_from", "complaints"},
}  # of what was read, and when whole


class Newsroom:
    """One feed, polled by hand at hand-moved times; `trims` if it remembers which entries it saw."""

    def __init__(self, path: Path, first_poll: FirstPoll, *, trims: bool) -> None:
        self.store = Store(path)
        self.trims = trims
        self.feed = Feed(id=FeedId("world"), url=URL, publisher="World", first_poll=first_poll)
        self.rules = Rules(
            topics=compile_topics(TOPICS, ()),
            by_id={topic.id: topic for topic in TOPICS},
            routes=(Route(receiver=ReceiverId("desk"), severities=frozenset({Severity.HIGH, Severity.MEDIUM})),),
            late_after=timedelta(hours=24),
            instance="test",
        )
        self.clock = Clock()
        self.seen: frozenset[bytes] = frozenset()
        self.trimmed = 0
        self.store.write_now(lambda tx: feeds.configure(tx, [(self.feed, self.feed.id)], NOW))

    def poll(self, body: str) -> tuple[Any, ...]:
        """What the poll tells: decisions, alerts, counts."""
        self.clock.time = now = self.clock.time + HOUR
        document = Document(body=body.encode(), url=URL, seen=self.seen)
        parsed = parse(document, now, trim if self.trims else None)
        assert isinstance(parsed, Parsed)
        if self.trims:
            self.seen = frozenset(parsed.entry_hashes)
            self.trimmed += parsed.trimmed
        before = self.store.read_now(lambda tx: feeds.get(tx, self.feed.id))
        assert before is not None
        result = PollResult(outcome=Outcome.NEW, detail="200 OK", at=now, status=200, validators=Validators(etag='"1"'))
        (told, _), _ = self.store.write_now(
            lambda tx: ingest(StoreLedger(tx), self.feed, before, result, parsed, self.rules, self.clock)
        )
        return told.baseline, told.entries, told.new_items, told.edited, told.repeats, told.matches, told.alerts

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All that is stored but when an entry was listed last."""

        def rows(tx: Any) -> dict[str, list[dict[str, Any]]]:
            return {
                table.name: sorted(
                    (
                        {name: value for name, value in row._mapping.items() if name not in UNTOLD.get(table.name, ())}
                        for row in tx.execute(select(table))
                    ),
                    key=repr,
                )
                for table in metadata.sorted_tables
            }

        return self.store.read_now(rows)


def item(number: int, title: str = "", text: str = "", guid: str = "") -> str:
    title = title or f"Envoys meet on the minerals deal, part {number}"
    return (
        f"<item><guid isPermaLink='false'>{guid or number}</guid><link>https://news.example/{number}</link>"
        f"<title>{title}</title><description>{text or f'Story {number}.'}</description></item>"
    )


def rss(*entries: str, header: str = "") -> str:
    return f"<rss version='2.0'><channel><title>World</title>{header}{''.join(entries)}</channel></rss>"


NATO = item(1, "NATO membership on the table")
QUIET = "<skipHours><hour>0</hour><hour>1</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
STORIES = {
    "new items at the top": [rss(item(1)), rss(item(2), item(1)), rss(item(4), item(3), item(2))],
    "an edit, and its return": [rss(item(1), item(2)), rss(NATO, item(2)), rss(item(1), item(2)), rss(NATO)],
    "an entry goes and comes back": [rss(item(1), item(2)), rss(item(2)), rss(item(3), item(1), item(2))],
    "two wordings of one entry in a document": [rss(item(9)), rss(NATO, item(1)), rss(NATO, item(1), item(2)), rss(item(1), NATO)],
    "two wordings, the older one listed first": [rss(NATO), rss(item(1), NATO), rss(item(2), item(1), NATO)],
    "one entry twice": [rss(item(1), item(1)), rss(item(2), item(2), item(1), item(1)), rss(item(2), item(1))],
    "another guid for the same": [rss(item(1), item(2)), rss(item(1, guid="new"), item(2)), rss(item(1), item(1, guid="new"))],
    "one guid for another story": [rss(item(1)), rss(item(2, guid="1"), item(1)), rss(item(3, guid="1"), item(2, guid="1"))],
    "the header moves": [rss(item(1), header=f"<lastBuildDate>{n}</lastBuildDate>") for n in range(4)],
    "hours at which nobody need come": [rss(item(1), header=QUIET), rss(item(1), header=QUIET), rss(item(2), item(1))],
    "the language comes": [rss(item(1)), rss(item(2), item(1), header="<language>uk</language>"), rss(item(2))],
    "broken for once": [rss(item(1), item(2)), rss(item(3, "A & B on NATO"), item(1), item(2)), rss(item(4), item(3), item(1))],
    "an empty document for once": [rss(item(1)), rss(), rss(item(1), item(2)), rss(item(2))],
    "nothing at first": [rss(), rss(item(1)), rss(item(1)), rss(item(2), item(1))],
    "what no route takes": [rss(item(1)), rss(item(2, "Football tonight"), item(1)), rss(item(3), item(2, "Football tonight"))],
}  # fmt: skip


def both(tmp_path: Path, documents: list[str], first_poll: FirstPoll) -> Newsroom:
    whole = Newsroom(tmp_path / "whole.sqlite", first_poll, trims=False)
    trimmed = Newsroom(tmp_path / "trimmed.sqlite", first_poll, trims=True)
    for document in documents:
        assert trimmed.poll(document) == whole.poll(document)
    assert trimmed.everything() == whole.everything()
    for room in (whole, trimmed):
        room.store.close()
    return trimmed


@pytest.mark.parametrize("first_poll", [FirstPoll.HOLD, FirstPoll.ALL], ids=["hold", "all"])
@pytest.mark.parametrize("documents", STORIES.values(), ids=STORIES)
def test_a_sequence_of_documents(tmp_path: Path, documents: list[str], first_poll: FirstPoll) -> None:
    both(tmp_path, documents, first_poll)


TITLES = ("", "NATO in {}", "Football {}", "Weather {}", "A minerals deal and NATO {}")


@pytest.mark.parametrize("seed", range(4))
def test_a_random_sequence_of_documents(tmp_path: Path, seed: int) -> None:
    luck = random.Random(seed)
    listed = [item(number) for number in range(6)]
    changes: list[Callable[[], Any]] = [
        lambda: listed.insert(0, item(luck.randrange(100))),
        lambda: listed.insert(luck.randrange(len(listed) + 1), item(luck.randrange(30))),
        lambda: listed.insert(0, item(number := luck.randrange(12), luck.choice(TITLES).replace("{}", str(number)))),
        lambda: listed.insert(0, item(luck.randrange(12), text=f"Story {luck.randrange(12)}.", guid=str(luck.randrange(12)))),
        lambda: listed.pop() if listed else None,
        lambda: luck.shuffle(listed),
        lambda: listed.append(luck.choice(listed)) if listed else None,
        lambda: None,
    ]  # fmt: skip
    documents = []
    for number in range(25):
        for _ in range(luck.randrange(3)):
            luck.choice(changes)()
        documents.append(rss(*listed, header=f"<pubDate>{number}</pubDate>"))
    assert both(tmp_path, documents, FirstPoll.HOLD).trimmed > 25


def test_when_nobody_need_come_is_known_also_where_all_of_a_document_was_seen(tmp_path: Path) -> None:
    room = Newsroom(tmp_path / "news.sqlite", FirstPoll.HOLD, trims=True)
    skips = []
    for document in (rss(item(1), header=QUIET), rss(item(1), header=QUIET), rss(item(2), item(1))):
        room.poll(document)
        skips.append(room.everything()["feeds"][0]["skip"])
    assert (skips, room.trimmed) == (["hours 0-1, Sunday", "hours 0-1, Sunday", ""], 2)
    room.store.close()


def test_an_entry_without_identity_is_a_repeat_once_it_was_seen(tmp_path: Path) -> None:
    """It is never stored, and not counted as an entry where it is read."""
    room = Newsroom(tmp_path / "news.sqlite", FirstPoll.HOLD, trims=True)
    assert [room.poll(rss("<item/>", item(1)))[1:5] for _ in range(2)] == [(1, 1, 0, 0), (2, 0, 0, 2)]
    room.store.close()


def test_a_baseline_is_taken_once_though_all_its_entries_were_seen(tmp_path: Path) -> None:
    parsed = parse(Document(body=rss(item(1)).encode(), url=URL), NOW, trim)
    assert isinstance(parsed, Parsed)
    room = Newsroom(tmp_path / "news.sqlite", FirstPoll.HOLD, trims=True)
    room.seen = frozenset(parsed.entry_hashes)
    assert [room.poll(rss(item(1)))[:3] for _ in range(2)] == [(True, 1, 0), (False, 1, 0)]
    room.store.close()
