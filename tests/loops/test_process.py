"""process: what each document means, written into the real store by one transaction; told as a score of documents and alerts."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters.store import alerts, deliveries, feeds, items, matches
from monitor.adapters.store.books import StoreLedger, StoreUpkeep
from monitor.adapters.store.open import Store
from monitor.loops.housekeep import tell_baselines
from monitor.loops.process import Rules, ingest
from monitor.model.alert import Alert, Decision, Route
from monitor.model.feed import Feed, FirstPoll
from monitor.model.ids import FeedId, ReceiverId, TopicId
from monitor.model.item import Item, Parsed
from monitor.model.poll import Outcome, PollResult
from monitor.model.severity import Severity
from monitor.model.topic import Escalation, Topic
from monitor.ports import Ingested
from monitor.steps.dedupe import link_key
from monitor.steps.match import compile_topics
from tests.loops.clock import NOW, Clock

HOUR = timedelta(hours=1)
DESK, CHAT = ReceiverId("desk"), ReceiverId("chat")
MINERALS = Topic(
    id=TopicId("minerals"), title="Minerals", severity=Severity.HIGH, query="minerals NEAR/3 deal", version="1"
)
ARMS = Topic(
    id=TopicId("arms"),
    title="Arms",
    severity=Severity.LOW,
    query="missile",
    version="1",
    escalations=(
        Escalation(query="nuclear NEAR/3 missile", severity=Severity.CRITICAL),
        Escalation(query="launch* OR nuclear", severity=Severity.HIGH),
    ),
)
NATO = Topic(id=TopicId("nato"), title="NATO", severity=Severity.MEDIUM, query="nato membership", version="1")
SPORT = Topic(id=TopicId("sport"), title="Sport", severity=Severity.LOW, query="football", version="1")
TOPICS = (MINERALS, NATO, SPORT, ARMS)
SIREN = ReceiverId("siren")


class Desk:
    """A newsroom: feeds that are polled by hand, at hand-moved times."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.rules = Rules(
            topics=compile_topics(TOPICS, ()),
            by_id={topic.id: topic for topic in TOPICS},
            routes=(
                Route(receiver=DESK, severities=frozenset({Severity.HIGH, Severity.MEDIUM})),
                Route(receiver=CHAT, topics=frozenset({NATO.id})),
                Route(receiver=SIREN, severities=frozenset({Severity.CRITICAL})),
            ),
            late_after=timedelta(hours=24),
            instance="test",
        )
        self.feeds: dict[str, Feed] = {}

    def feed(self, name: str, first_poll: FirstPoll = FirstPoll.HOLD) -> Feed:
        feed = Feed(id=FeedId(name), url=f"https://{name}.example/rss", publisher=name.upper(), first_poll=first_poll)
        self.feeds[name] = feed
        wanted = [(each, each.id) for each in self.feeds.values()]
        self.store.write_now(lambda tx: feeds.configure(tx, wanted, NOW))
        return feed

    def poll(self, feed: Feed, *listed: Item, after: timedelta = HOUR) -> Ingested:
        self.clock.time += after
        now = self.clock.time
        before = self.store.read_now(lambda tx: feeds.get(tx, feed.id))
        assert before is not None
        result = PollResult(outcome=Outcome.NEW, detail="200 OK", at=now, status=200)
        parsed = Parsed(kind="rss20", items=listed)
        (ingested, _), _ = self.store.write_now(
            lambda tx: ingest(StoreLedger(tx), feed, before, result, parsed, self.rules, self.clock)
        )
        return ingested

    def decisions(self, link: str) -> dict[str, Decision]:
        found = self.store.read_now(lambda tx: items.by_key(tx, link_key(link)))
        stored = self.store.read_now(lambda tx: matches.of_item(tx, found[0][0].id))
        return {each.match.topic_id: each.decision for each in stored}

    def outbox(self) -> list[tuple[str, int | None]]:
        rows = self.store.read_now(lambda tx: deliveries.listed(tx, 100))
        return sorted((row.delivery.receiver_id, row.delivery.sequence) for row in rows)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store(tmp_path / "news.sqlite")
    yield Desk(store)
    store.close()


def item(number: int = 1, title: str = "A minerals deal is near", published: datetime | None = None) -> Item:
    return Item(
        guid=f"id:{number}",
        link=f"https://news.example/{number}",
        title=title,
        summary=f"Story {number}.",
        published=published,
    )


QUIET = item(0, "Weather: sunny")


def told(ingested: Ingested) -> list[tuple[list[str], str, int]]:
    return [(sorted(alert.topics), alert.data["reason"], len(alert.items)) for alert in ingested.alerts]  # type: ignore[misc]


def test_the_first_poll_is_held_and_then_what_is_new_alerts(desk: Desk) -> None:
    feed = desk.feed("bbc")
    first = desk.poll(feed, item(1), QUIET)
    assert (first.baseline, first.new_items, told(first)) == (True, 2, [])
    assert desk.decisions("https://news.example/1") == {"minerals": Decision.BASELINE}
    assert told(desk.poll(feed, item(2), item(1), QUIET)) == [(["minerals"], "first_match", 1)]
    assert desk.outbox() == [("desk", 1)]


def test_the_baseline_is_the_first_poll_that_yields_entries(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed)
    assert told(desk.poll(feed, item(1))) == []
    assert told(desk.poll(feed, item(2))) == [(["minerals"], "first_match", 1)]


def test_first_poll_all_alerts_everything(desk: Desk) -> None:
    assert told(desk.poll(desk.feed("bbc", FirstPoll.ALL), item(1))) == [(["minerals"], "first_match", 1)]


def test_first_poll_recent_alerts_what_is_young(desk: Desk) -> None:
    young, old = item(1, published=NOW - HOUR), item(2, published=NOW - 30 * HOUR)
    polled = desk.poll(desk.feed("bbc", FirstPoll.RECENT), young, old, item(3))
    assert [alert.items for alert in polled.alerts] == [(polled.alerts[0].items[0],)]
    assert [desk.decisions(f"https://news.example/{n}")["minerals"] for n in (1, 2, 3)] == [
        Decision.FIRST_MATCH,
        Decision.BASELINE,
        Decision.BASELINE,
    ]


def test_one_item_is_one_alert_with_all_its_topics(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    polled = desk.poll(feed, item(1, "Minerals deal and NATO membership on the table"))
    assert told(polled) == [(["minerals", "nato"], "first_match", 1)]
    (alert,) = polled.alerts
    assert alert.severity is Severity.HIGH
    assert desk.outbox() == [("chat", 1), ("desk", 1)]


def test_an_edited_item_alerts_only_for_what_matches_now_for_the_first_time(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    assert told(desk.poll(feed, item(1, "Envoys meet"))) == []
    assert told(desk.poll(feed, item(1, "Envoys meet on minerals deal"))) == [(["minerals"], "matched_after_edit", 1)]
    edited_again = desk.poll(feed, item(1, "Envoys meet on minerals deal and NATO membership"))
    assert told(edited_again) == [(["nato"], "matched_after_edit", 1)]
    assert told(desk.poll(feed, item(1, "Envoys meet on minerals deal"))) == []
    (alert,) = edited_again.alerts
    assert alert.data["items"][0]["first_seen"] == "2025-02-24T11:00:00.000Z"  # type: ignore[index]


def test_an_edit_of_a_held_item_tells_only_what_is_new(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, item(1))
    assert told(desk.poll(feed, item(1, "A minerals deal is near, NATO membership is not"))) == [
        (["nato"], "matched_after_edit", 1)
    ]


def deal(number: int, guid: str, text: str = "", *, link: bool = True) -> Item:
    return Item(
        guid=guid,
        link=f"https://news.example/{number}" if link else "",
        title=f"A minerals deal is near, says envoy {number}",
        summary=text or f"Story {number}.",
    )


GUIDS: dict[str, tuple[list[list[Item]], list[tuple[int, int]]]] = {
    # documents after the first poll; of each, the items that are new and the alerts
    "no guids": ([[deal(1, "")], [deal(2, ""), deal(1, "")], [deal(2, ""), deal(1, "")]], [(1, 1), (1, 1), (0, 0)]),
    "no guids, an edit": ([[deal(1, "")], [deal(1, "", "Changed.")]], [(1, 1), (0, 0)]),
    "neither guids nor links": (
        [[deal(1, "", link=False)], [deal(2, "", link=False), deal(1, "", link=False)]],
        [(1, 1), (1, 1)],
    ),
    "guids that change at every poll": ([[deal(1, "a")], [deal(1, "b")], [deal(1, "c"), deal(2, "d")]], [(1, 1), (0, 0), (1, 1)]),
    "guids that change, without links": ([[deal(1, "a", link=False)], [deal(1, "b", link=False)]], [(1, 1), (0, 0)]),
    "guids that change with the text": ([[deal(1, "a")], [deal(1, "b", "Changed.")]], [(1, 1), (0, 0)]),
    "guids that were given at last": ([[deal(1, "")], [deal(1, "a")], [deal(1, "a")]], [(1, 1), (0, 0), (0, 0)]),
    "guids that were taken away": ([[deal(1, "a")], [deal(1, "")]], [(1, 1), (0, 0)]),
    "one guid for all": ([[deal(1, "x"), deal(2, "x")], [deal(3, "x"), deal(2, "x"), deal(1, "x")]], [(2, 2), (1, 1)]),
    "an entry twice in one document": ([[deal(1, "x"), deal(1, "x")], [deal(1, "x"), deal(1, "x")]], [(1, 1), (0, 0)]),
    "an entry twice, under two guids": ([[deal(1, "x"), deal(1, "y")], [deal(1, "y"), deal(1, "x")]], [(1, 1), (0, 0)]),
    "a guid that is used again": ([[deal(1, "x")], [deal(2, "x")], [deal(1, "x"), deal(2, "x")]], [(1, 1), (1, 1), (0, 0)]),
}  # fmt: skip


@pytest.mark.parametrize(("documents", "brought"), GUIDS.values(), ids=GUIDS)
def test_whatever_a_feed_does_with_its_guids(
    desk: Desk, documents: list[list[Item]], brought: list[tuple[int, int]]
) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    polls = [desk.poll(feed, *listed) for listed in documents]
    assert [(polled.new_items, len(polled.alerts)) for polled in polls] == brought


def test_the_same_link_in_another_feed_alerts_once(desk: Desk) -> None:
    bbc, cnn = desk.feed("bbc"), desk.feed("cnn")
    desk.poll(bbc, QUIET)
    desk.poll(cnn, QUIET)
    desk.poll(bbc, item(1))
    polled = desk.poll(
        cnn, Item(guid="x", link="https://news.example/1?utm_source=cnn", title="A minerals deal", summary="s")
    )
    assert (polled.new_items, told(polled)) == (0, [])
    wording = Item(guid="x", link="https://news.example/1", title="NATO membership and a minerals deal", summary="t")
    assert told(desk.poll(cnn, wording)) == [(["nato"], "matched_after_edit", 1)]


def test_another_feeds_wording_may_be_the_one_that_matches(desk: Desk) -> None:
    bbc, cnn = desk.feed("bbc"), desk.feed("cnn")
    desk.poll(bbc, QUIET)
    desk.poll(cnn, QUIET)
    desk.poll(bbc, item(1, "Envoys meet"))
    wording = Item(guid="x", link="https://news.example/1", title="NATO membership discussed", summary="t")
    assert told(desk.poll(cnn, wording)) == [(["nato"], "matched_in_other_feed", 1)]
    assert told(desk.poll(bbc, item(1, "Envoys meet"))) == []


def test_what_no_route_takes_is_kept_in_view(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    polled = desk.poll(feed, item(1, "Football tonight"))
    assert (told(polled), polled.matches) == ([], (("sport", Decision.NO_ROUTE),))
    assert desk.decisions("https://news.example/1") == {"sport": Decision.NO_ROUTE}


@pytest.mark.parametrize(
    ("title", "severity", "escalated", "receivers"),
    [
        ("A missile is shown, NATO membership debated", "medium", None, [CHAT, DESK]),
        ("A missile is launched", "high", {"from": "low", "because": "launch*"}, [DESK]),
        ("A nuclear missile is shown", "critical", {"from": "low", "because": "nuclear NEAR/3 missile"}, [SIREN]),
        ("A nuclear missile, minerals deal off", "critical", {"from": "low", "because": "nuclear NEAR/3 missile"}, [DESK, SIREN]),
    ],
    ids=["none matches", "the second matches", "the first of two that match", "beside another topic"],
)  # fmt: skip
def test_an_escalation_decides_who_is_told(
    desk: Desk, title: str, severity: str, escalated: dict[str, str] | None, receivers: list[ReceiverId]
) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    polled = desk.poll(feed, item(1, title))
    (alert,) = polled.alerts
    assert (alert.severity, alert.data["severity"]) == (severity, severity)
    topics = {topic["id"]: topic for topic in alert.data["topics"]}  # type: ignore[attr-defined]
    assert topics.get("arms", {}).get("escalated") == escalated
    assert [topic.get("escalated") for name, topic in topics.items() if name != "arms"] == [None] * (
        len(topics) - ("arms" in topics)
    )
    assert [receiver for receiver, _ in desk.outbox()] == receivers
    assert dict(polled.alerted_topics) == {name: Severity(topic["severity"]) for name, topic in topics.items()}


def test_a_match_that_only_its_escalation_would_route(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    assert told(desk.poll(feed, item(1, "A missile is shown"))) == []
    assert told(desk.poll(feed, item(2, "A missile is launched"))) == [(["arms"], "first_match", 1)]
    assert desk.decisions("https://news.example/1") == {"arms": Decision.NO_ROUTE}


def test_an_edit_that_escalates_what_has_alerted_alerts_nothing(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    assert len(desk.poll(feed, item(1, "A missile is launched")).alerts) == 1
    assert told(desk.poll(feed, item(1, "A nuclear missile is launched"))) == []
    found = desk.store.read_now(lambda tx: items.by_key(tx, link_key("https://news.example/1")))
    (stored,) = desk.store.read_now(lambda tx: matches.of_item(tx, found[0][0].id))
    assert (stored.match.severity, stored.match.escalation) == (Severity.HIGH, "launch*")


def test_an_edit_that_escalates_what_no_route_took_alerts(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    first = desk.poll(feed, item(1, "A missile is shown"))
    assert (told(first), first.matches) == ([], (("arms", Decision.NO_ROUTE),))
    again = desk.poll(feed, item(1, "A missile is shown again"))
    assert (told(again), again.matches) == ([], ())
    edited = desk.poll(feed, item(1, "A nuclear missile is shown"))
    assert told(edited) == [(["arms"], "matched_after_edit", 1)]
    (alert,) = edited.alerts
    (stored,) = desk.store.read_now(lambda tx: matches.of_item(tx, alert.items[0]))
    assert (stored.decision, stored.alert_id) == (Decision.MATCHED_AFTER_EDIT, alert.id)
    assert (stored.match.severity, stored.match.escalation) == (Severity.CRITICAL, "nuclear NEAR/3 missile")
    assert told(desk.poll(feed, item(1, "A nuclear missile is launched"))) == []


def test_of_two_wordings_in_one_document_the_one_that_escalates_alerts(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    polled = desk.poll(feed, item(1, "A nuclear missile is shown"), item(1, "A missile is shown"))
    assert told(polled) == [(["arms"], "matched_after_edit", 1)]
    assert desk.decisions("https://news.example/1") == {"arms": Decision.MATCHED_AFTER_EDIT}


async def _summaries(desk: Desk) -> dict[str, tuple[object, object]]:
    """The highest severity and the counts that each receiver is told of the baselines."""
    await tell_baselines(
        StoreUpkeep(desk.store), {each.id: each for each in desk.feeds.values()}, desk.rules, desk.clock
    )
    rows = desk.store.read_now(lambda tx: deliveries.listed(tx, 9))
    return {
        row.delivery.receiver_id: (row.delivery.alert.data["highest_severity"], row.delivery.alert.data["matches"])
        for row in rows
    }


def test_the_summary_of_a_baseline_knows_what_escalates(desk: Desk) -> None:
    desk.poll(desk.feed("bbc"), item(1, "A missile"), item(2, "A nuclear missile"), item(3, "A minerals deal"))
    assert asyncio.run(_summaries(desk)) == {
        "desk": ("high", {"minerals": 1}),
        "chat": (None, {}),
        "siren": ("critical", {"arms": 1}),
    }


def test_a_late_escalation_waits_for_no_batch(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    old = [item(n, f"Minerals deal {n}", published=NOW - timedelta(days=3)) for n in (1, 2)]
    polled = desk.poll(feed, *old, item(3, "Nuclear missile, minerals deal off", published=NOW - timedelta(days=3)))
    assert told(polled) == [(["arms", "minerals"], "late", 1), (["minerals"], "late", 2)]
    assert [alert.severity for alert in polled.alerts] == [Severity.CRITICAL, Severity.HIGH]


@pytest.mark.parametrize(
    ("of_feed", "of_item", "stored"), [("", "", ""), ("uk", "", "uk"), ("uk", "en", "en"), ("", "en", "en")]
)
def test_an_item_without_a_language_has_that_of_its_feed(desk: Desk, of_feed: str, of_item: str, stored: str) -> None:
    feed = replace(desk.feed("bbc"), lang=of_feed)
    desk.poll(feed, replace(item(1), lang=of_item))
    ((found, _),) = desk.store.read_now(lambda tx: items.by_key(tx, link_key("https://news.example/1")))
    assert found.item.lang == stored


def test_a_removed_and_relisted_item_does_not_alert_again(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    assert len(desk.poll(feed, item(1)).alerts) == 1
    desk.poll(feed, QUIET)
    assert told(desk.poll(feed, item(1))) == []


def test_f12_late_items_come_in_one_batch(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    old = [item(n, published=NOW - timedelta(days=3)) for n in range(1, 14)]
    assert told(desk.poll(feed, *old, item(99, published=NOW))) == [
        (["minerals"], "first_match", 1),
        (["minerals"], "late", 10),
        (["minerals"], "late", 3),
    ]


def test_what_was_published_while_we_were_down_is_not_late(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    polled = desk.poll(feed, item(1, published=NOW + 2 * HOUR), after=timedelta(days=4))
    assert told(polled) == [(["minerals"], "first_match", 1)]


def test_the_newest_entry_of_a_document_alerts_last(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    polled = desk.poll(feed, item(3), item(2), item(1))
    assert [alert.data["items"][0]["link"][-1] for alert in polled.alerts] == ["1", "2", "3"]  # type: ignore[index]


def test_a_poll_that_is_repeated_after_a_crash_makes_the_same_ids(desk: Desk, tmp_path: Path) -> None:
    def story(store: Store) -> list[tuple[str, str]]:
        other = Desk(store)
        feed = other.feed("bbc")
        other.poll(feed, QUIET)
        polled = other.poll(feed, item(1), item(2))
        ids = [row.delivery.id for row in store.read_now(lambda tx: deliveries.listed(tx, 9))]
        return [(alert.id, delivery) for alert, delivery in zip(polled.alerts, sorted(ids), strict=True)]

    second = Store(tmp_path / "second.sqlite")
    assert story(desk.store) == story(second)
    second.close()


def _years(desk: Desk, feed: Feed, days: int) -> list[Alert]:
    """A feed that lists the same item every day, with housekeeping."""
    found: list[Alert] = []
    for _ in range(days):
        found += desk.poll(feed, item(1), after=timedelta(days=1)).alerts
        now = desk.clock.time
        desk.store.write_now(lambda tx, now=now: items.forget_keys(tx, now - timedelta(days=30), 1000))
        desk.store.write_now(lambda tx, now=now: items.forget(tx, now - timedelta(days=90), 1000))
    return found


def test_an_item_that_is_listed_for_months_alerts_once(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    assert len(_years(desk, feed, 200)) == 1


def test_a_document_that_did_not_change_for_months_is_not_forgotten(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    desk.poll(feed, item(1))
    now = desk.clock.time + timedelta(days=100)
    desk.store.write_now(lambda tx: items.forget_keys(tx, now - timedelta(days=30), 1000))
    desk.store.write_now(lambda tx: items.forget(tx, now - timedelta(days=90), 1000))
    assert told(desk.poll(feed, item(2), item(1), after=timedelta(days=100))) == [(["minerals"], "first_match", 1)]


def test_what_is_listed_no_more_is_forgotten_in_the_end(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    desk.poll(feed, item(1))
    for _ in range(40):
        desk.poll(feed, QUIET, after=timedelta(days=1))
    now = desk.clock.time
    forgotten = desk.store.write_now(lambda tx: items.forget_keys(tx, now - timedelta(days=30), 1000))
    assert forgotten == 3
    assert desk.store.write_now(lambda tx: items.forget(tx, now - timedelta(days=20), 1000)) == 1
    assert desk.store.read_now(lambda tx: items.by_key(tx, link_key("https://news.example/1"))) == []


def test_no_alert_is_larger_than_a_webhook_may_be(desk: Desk) -> None:
    from monitor.model.delivery import Receiver, ReceiverKind
    from monitor.steps.deliver import build

    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    huge = [
        Item(
            guid=f"g{n}",
            link=f"https://news.example/{'x' * 1900}/{n}",
            title=f"Minerals deal {'щ' * 900} {n}",
            summary="NATO membership 字" * 50,
            published=NOW - timedelta(days=5),
        )
        for n in range(10)
    ]
    desk.poll(feed, *huge)
    rows = desk.store.read_now(lambda tx: deliveries.listed(tx, 9))
    receiver = Receiver(id=DESK, kind=ReceiverKind.WEBHOOK, url="https://x.example/")
    assert {len(row.delivery.alert.items) for row in rows} == {10}
    assert max(len(build(row.delivery, receiver, NOW).body) for row in rows) < 20_000


def test_every_stored_alert_leads_back_to_its_match(desk: Desk) -> None:
    feed = desk.feed("bbc")
    desk.poll(feed, QUIET)
    (alert,) = desk.poll(feed, item(1)).alerts
    stored = desk.store.read_now(lambda tx: alerts.get(tx, alert.id))
    assert stored == alert
    found = desk.store.read_now(lambda tx: matches.of_item(tx, alert.items[0]))
    assert [each.alert_id for each in found] == [alert.id]
