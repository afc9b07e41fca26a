"""process: a parsed document in; its new items, matches, alerts and deliveries out, in the one transaction of its poll."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.loops import operations
from monitor.model.alert import AlertTopic, Decision, Operations, Route
from monitor.model.feed import Feed, FeedState
from monitor.model.ids import ItemId, ReceiverId, TopicId
from monitor.model.item import Identity, Item, Keys, Origin, Parsed, Seen, StoredItem
from monitor.model.poll import PollResult
from monitor.model.severity import Severity
from monitor.model.topic import Match, Topic
from monitor.ports import Clock, DecidedMatch, Ingested, KnownItem, Ledger, Sighting
from monitor.steps import alert as alerts
from monitor.steps import dedupe, outbox, schedule
from monitor.steps.match import Topics, match


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the configuration says about matching and alerting, compiled."""

    topics: Topics
    routes: tuple[Route, ...]
    late_after: timedelta
    instance: str
    by_id: Mapping[TopicId, Topic] = field(default_factory=dict)
    operations: Operations | None = None

    def routed(self, topic: TopicId, severity: Severity) -> bool:
        return any(outbox.takes(route, topic, severity) for route in self.routes)

    def receivers(self, topics: Sequence[tuple[TopicId, Severity]]) -> tuple[ReceiverId, ...]:
        return outbox.receivers_of(topics, self.routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An entry of the document on its way through the steps."""

    item: Item
    keys: Keys
    identity: Identity
    stored: StoredItem


def ingest(
    ledger: Ledger, feed: Feed, before: FeedState, result: PollResult, parsed: Parsed, rules: Rules, clock: Clock
) -> tuple[tuple[Ingested, FeedState], Mapping[str, timedelta]]:
    """Everything that one document means, written down together with the feed's state. What it brought, the state, and how long each
    stage took.
    """
    started = clock.now()
    now = result.at
    entries = _identify(ledger, feed, parsed.items, now)
    deduped = clock.now()

    moment = alerts.Moment(
        now=now,
        baseline=before.baseline_at is None,
        last_good_poll=before.last_success_at,
        late_after=rules.late_after,
    )
    found = [
        (entry, matched)
        for entry in entries
        if entry.identity.text_is_new and (matched := match(entry.item, rules.topics, _origin(feed, entry)))
    ]
    known = ledger.known([entry.stored.id for entry, _ in found if not entry.identity.is_new])
    decided, told = _decide(found, known, feed, moment, rules)
    matched_at = clock.now()

    batches = _batches(told)
    new_alerts = [alerts.alert_of(batch, now, rules.instance) for batch in batches]
    by_match = {(item, topic): alert for alert in new_alerts for item in alert.items for topic in alert.topics}
    new_items = sum(entry.identity.is_new for entry in entries)

    ledger.write_items(feed.id, [_sighting(entry) for entry in entries], now)
    ledger.write_matches(
        [
            DecidedMatch(
                item_id=item,
                match=each,
                decision=decision,
                alert=by_match.get((item, each.topic_id)) if decision.alerts else None,
            )
            for item, each, decision in decided
        ],
        now,
    )
    for alert, batch in zip(new_alerts, batches, strict=True):
        topics = [(topic.id, topic.severity) for _, of_item in batch for topic in of_item]
        ledger.write_alert(alert, outbox.deliveries_of(alert, rules.receivers(topics)))
    listing = _listing(before, parsed, entries)
    if result.validators is not None:
        result = replace(result, validators=replace(result.validators, entry_hashes=frozenset(parsed.entry_hashes)))
    after = replace(
        schedule.after_poll(feed, before, result, listing),
        document_at=before.document_at if parsed.trimmed else now,
        complaints=before.complaints if parsed.trimmed else parsed.complaints,
    )
    watched = operations.watch(feed, before, after, rules.operations, rules.instance)
    operations.write(ledger, watched, rules.operations)
    ingested = Ingested(
        feed_id=feed.id,
        baseline=moment.baseline,
        entries=listing.entries,
        new_items=new_items,
        rolled_off=schedule.rolled_off(before, listing),
        edited=sum(entry.identity.why is Seen.EDITED for entry in entries),
        repeats=parsed.trimmed + sum(not entry.identity.is_new for entry in entries),
        truncated=parsed.truncated,
        matches=tuple((each.topic_id, decision) for _, each, decision in decided),
        alerts=tuple(new_alerts),
        alerted_topics=tuple(
            (id_, topic.severity) for batch in batches for id_, (topic, _) in alerts.loudest(batch).items()
        ),
        operations=watched.events,
        publish_to_seen=()
        if moment.baseline
        else tuple(
            now - entry.item.published
            for entry in entries
            if entry.identity.is_new and entry.item.published is not None and entry.item.published <= now
        ),
    )
    return (ingested, watched.state), {"dedup": deduped - started, "match": matched_at - deduped}


def _listing(before: FeedState, parsed: Parsed, entries: Sequence[_Entry]) -> schedule.Listing:
    brought = sum(entry.identity.is_new or entry.identity.why is Seen.SAME_LINK_OTHER_FEED for entry in entries)
    listed = parsed.trimmed + len(entries)
    hints = (timedelta(minutes=parsed.ttl_minutes) if parsed.ttl_minutes else None, parsed.update_every)
    unread = parsed.trimmed and not entries  # nothing of the document, then
    hint = before.learned.hint if unread else max(filter(None, hints), default=None)
    skip = before.learned.skip if unread else parsed.skip
    return schedule.Listing(entries=listed, known=listed - brought, brought=brought, hint=hint, skip=skip)


def _identify(ledger: Ledger, feed: Feed, items: Sequence[Item], now: datetime) -> list[_Entry]:
    """Each entry with the item that it is, the oldest first: feeds list the newest at the top."""
    keyed = [(dedupe.with_lang(feed, item), dedupe.publisher_of(feed, item)) for item in reversed(items)]
    wanted = [(keys := dedupe.keys_of(item, publisher), dedupe.item_id(feed.id, keys)) for item, publisher in keyed]
    known = dedupe.Known(wanted, ledger.neighbours(feed.id, wanted))
    entries: list[_Entry] = []
    for (item, publisher), (keys, new_id) in zip(keyed, wanted, strict=True):
        if not keys.pairs():
            continue  # neither guid, link, title nor text: there is nothing that could be told
        identity = dedupe.identify(keys, known.near(keys, new_id), new_id)
        known.learn(keys, identity.item_id)
        stored = StoredItem(
            id=identity.item_id,
            feed_id=feed.id,
            publisher=publisher,
            item=item,
            first_seen=now,
            why=identity.why,
        )
        entries.append(_Entry(item=item, keys=keys, identity=identity, stored=stored))
    return entries


def _origin(feed: Feed, entry: _Entry) -> Origin:
    return Origin(feed=feed.id, publisher=entry.stored.publisher, tags=feed.tags)


def _sighting(entry: _Entry) -> Sighting:
    other_feed = entry.identity.why is Seen.SAME_LINK_OTHER_FEED
    return Sighting(
        stored=entry.stored,
        keys=entry.keys,
        is_new=entry.identity.is_new,
        words_changed=entry.identity.text_is_new and not other_feed,
    )


def _decide(
    found: Sequence[tuple[_Entry, Sequence[Match]]],
    known: Mapping[ItemId, KnownItem],
    feed: Feed,
    moment: alerts.Moment,
    rules: Rules,
) -> tuple[list[tuple[ItemId, Match, Decision]], list[tuple[StoredItem, list[AlertTopic]]]]:
    """What becomes of each new match, and each item that alerts with the topics that alert for it."""
    decided: list[tuple[ItemId, Match, Decision]] = []
    told: dict[ItemId, tuple[StoredItem, list[AlertTopic]]] = {}
    done = {item: set(before.topics) for item, before in known.items()}
    unrouted = {item: set(before.unrouted) for item, before in known.items()}
    for entry, matches in found:
        topics_done = done.setdefault(entry.stored.id, set())
        for each in matches:
            if each.topic_id in topics_done:
                continue
            decision = alerts.decide(entry.item, entry.identity, each, feed, moment, rules.routed)
            if decision is Decision.NO_ROUTE:
                topics_unrouted = unrouted.setdefault(entry.stored.id, set())
                if each.topic_id in topics_unrouted:
                    continue
                topics_unrouted.add(each.topic_id)
            else:
                topics_done.add(each.topic_id)
            decided.append((entry.stored.id, each, decision))
            if decision.alerts:
                before = known.get(entry.stored.id)
                stored = entry.stored if before is None else replace(entry.stored, first_seen=before.first_seen)
                _, topics = told.setdefault(entry.stored.id, (stored, []))
                topics.append(alerts.alert_topic(rules.by_id[each.topic_id], each, decision))
    return decided, list(told.values())


def _batches(told: Sequence[tuple[StoredItem, list[AlertTopic]]]) -> list[list[tuple[StoredItem, list[AlertTopic]]]]:
    """An alert for each item, but late items together: nobody waits for those. An escalation waits for nothing, so it goes alone."""
    late = [each for each in told if all(topic.decision is Decision.LATE and not topic.escalation for topic in each[1])]
    size = alerts.LATE_BATCH_ITEMS_MAX
    batches = [[each] for each in told if each not in late]
    return batches + [late[start : start + size] for start in range(0, len(late), size)]
