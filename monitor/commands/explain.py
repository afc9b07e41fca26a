"""explain: a URL or an id in; what became of it at every step, and what today's topics would say, out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.adapters.store import alerts, deliveries, feeds, items, matches
from monitor.adapters.store.deliveries import DeliveryRecord
from monitor.adapters.store.matches import StoredMatch
from monitor.commands.reading import Read
from monitor.model.feed import Feed, FeedState
from monitor.model.ids import AlertId, FeedId, ItemId
from monitor.model.item import Origin, StoredItem
from monitor.model.settings import Configuration
from monitor.model.topic import Match, Topic
from monitor.steps.dedupe import link_key
from monitor.steps.match import Explanation, compile_topics, explain, match
from monitor.text.urls import canonical, registrable_domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """An item with everything that became of it."""

    stored: StoredItem
    seen_in: tuple[tuple[FeedId, datetime], ...]  # feeds, and when each listed it last
    matches: tuple[StoredMatch, ...]
    deliveries: tuple[DeliveryRecord, ...]
    today: tuple["Today", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What one of today's topics says of an item: clause by clause, and the match that it would make."""

    topic: Topic
    told: Explanation
    match: Match | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A URL that no feed listed; the feeds of its site, as they are."""

    domain: str
    feeds: tuple[tuple[Feed, FeedState | None], ...]


def explain_word(word: str, configuration: Configuration, read: Read) -> tuple[Explained, ...] | Unseen:
    """`word` is the URL or id of an item, the id of an alert, or that of a delivery. Nothing found: what is known of its site."""
    ids = _items(word, read)
    found = tuple(
        _explained(stored, configuration, read)
        for stored in (read(lambda tx, id_=id_: items.get(tx, id_)) for id_ in ids)  # type: ignore[misc]
        if stored is not None
    )
    return found or _unseen(word, configuration, read)


def _items(word: str, read: Read) -> Sequence[ItemId]:
    if canonical(word):
        return tuple(dict.fromkeys(stored.id for stored, _ in read(lambda tx: items.by_key(tx, link_key(word)))))
    delivery = read(lambda tx: deliveries.get(tx, word))
    alert = delivery.delivery.alert if delivery is not None else read(lambda tx: alerts.get(tx, word))
    return alert.items if alert is not None else (ItemId(word),)


def _explained(stored: StoredItem, configuration: Configuration, read: Read) -> Explained:
    decided = read(lambda tx: matches.of_item(tx, stored.id))
    told: dict[AlertId, None] = {each.alert_id: None for each in decided if each.alert_id is not None}
    return Explained(
        stored=stored,
        seen_in=tuple(read(lambda tx: items.feeds_of(tx, stored.id))),
        matches=tuple(decided),
        deliveries=tuple(
            record
            for alert in told
            for record in read(lambda tx, alert=alert: deliveries.of_alert(tx, alert))  # type: ignore[misc]
        ),
        today=tuple(_today(stored, configuration)),
    )


def _today(stored: StoredItem, configuration: Configuration) -> Iterator[Today]:
    topics = compile_topics(configuration.topics, configuration.entities)
    tags = next((feed.tags for feed in configuration.feeds if feed.id == stored.feed_id), ())
    origin = Origin(feed=stored.feed_id, publisher=stored.publisher, tags=tags)
    matched = {each.topic_id: each for each in match(stored.item, topics, origin)}
    for topic in configuration.topics:
        yield Today(topic=topic, told=explain(stored.item, topic.id, topics, origin), match=matched.get(topic.id))


def _unseen(word: str, configuration: Configuration, read: Read) -> Unseen:
    domain = registrable_domain(word)
    states = read(feeds.all_states)
    near = [feed for feed in configuration.feeds if domain and registrable_domain(feed.url) == domain]
    return Unseen(domain=domain, feeds=tuple((feed, states.get(feed.id)) for feed in near))
