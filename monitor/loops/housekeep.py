"""housekeep: what is done now and then: old rows deleted in batches, baselines told in one summary, a line of what happened."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from monitor.loops.process import Rules
from monitor.model.delivery import DeliveryState
from monitor.model.feed import Feed, FirstPoll
from monitor.model.ids import FeedId, ReceiverId, TopicId
from monitor.model.settings import RetentionSettings
from monitor.model.severity import Severity
from monitor.ports import Clock, Held, Untold, Upkeep
from monitor.steps import alert as alerts
from monitor.steps import outbox

BASELINE_WAIT = timedelta(seconds=60)  # for feeds that were never polled, before what there is is told
BATCHES_MAX = 100  # in one run

_log = logging.getLogger(__name__)


async def forget(upkeep: Upkeep, retention: RetentionSettings, now: datetime) -> Counter[str]:
    """Delete what is older than its retention. How many rows of each kind."""
    deleted: Counter[str] = Counter()
    work: tuple[tuple[str, Callable[[], Awaitable[int]]], ...] = (
        ("keys", lambda: upkeep.forget_keys(now - retention.keys)),
        ("items", lambda: upkeep.forget_items(now - retention.items)),
        ("delivered", lambda: upkeep.forget_deliveries(DeliveryState.DELIVERED, now - retention.delivered)),
        ("dead", lambda: upkeep.forget_deliveries(DeliveryState.DEAD, now - retention.dead)),
        ("alerts", lambda: upkeep.forget_alerts(now - retention.items)),
    )
    for kind, batch in work:
        for _ in range(BATCHES_MAX):
            count = await batch()
            deleted[kind] += count
            if not count:
                break
    await upkeep.tidy()
    if deleted.total():
        _log.info("forgot what is past its retention: %s", ", ".join(f"{n} {kind}" for kind, n in deleted.items() if n))
    return deleted


async def tell_baselines(upkeep: Upkeep, feeds: Mapping[FeedId, Feed], rules: Rules, clock: Clock) -> int:
    """Tell each receiver once what the first polls found, as soon as every feed was polled or `BASELINE_WAIT` is over. How many told."""
    untold = await upkeep.untold()
    now = clock.now()
    if untold.since is None or (untold.never_polled and now < untold.since + BASELINE_WAIT):
        return 0
    held_back = [feed for id_ in untold.feeds if (feed := feeds.get(id_)) and feed.first_poll is not FirstPoll.ALL]
    read = [(feed.id, feed.publisher) for feed in held_back]
    told = []
    for receiver in dict.fromkeys(route.receiver for route in rules.routes) if read else ():
        held = [
            alerts.Held(title=each.title, link=each.link, publisher=each.publisher, topics=topics)
            for each in untold.held
            if (topics := _routed(each, receiver, rules))
        ]
        summary = alerts.baseline_summary(receiver, read, held, now, rules.instance)
        told.append((summary, outbox.delivery_id(summary.id, receiver), receiver))
    await upkeep.tell_baselines(untold.feeds, told, now)
    _log.info(_sentence(untold))
    return len(told)


def _routed(held: Held, receiver: ReceiverId, rules: Rules) -> tuple[tuple[TopicId, Severity], ...]:
    """The topics of a held item that would have gone to that receiver."""
    return tuple(each for each in held.topics if each[0] in rules.by_id and receiver in rules.receivers([each]))


def _sentence(untold: Untold) -> str:
    topics = Counter(topic for held in untold.held for topic, _ in held.topics)
    found = ", ".join(f"{count} {topic}" for topic, count in topics.most_common()) or "no matches"
    return (
        f"first polls of {len(untold.feeds)} feeds are done: {len(untold.held)} items match and are held as baseline ({found}); "
        "from now on what is new alerts"
    )


def summarise(*tallies: Counter[str]) -> str:
    """One line of what happened since the last one, and the tallies start anew. Empty if nothing did."""
    counts: Counter[str] = Counter()
    for tally in tallies:
        counts += tally
        tally.clear()
    return ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
