"""operations: a feed's states before and after a poll in; the operator told of what changed, in the transaction that writes the state."""

from monitor.model.alert import Operations
from monitor.model.feed import Feed, FeedState
from monitor.ports import Ledger
from monitor.steps import operations as steps
from monitor.steps import outbox, schedule


def watch(feed: Feed, before: FeedState, after: FeedState, operations: Operations | None, instance: str) -> steps.Told:
    """What is to be told of that poll. Where nobody is told nothing is remembered as told: who is named later hears of what is broken then."""
    now = after.last_poll_at
    if operations is None or now is None:
        return steps.Told(state=after)
    seen = steps.Seen(now=now, word=schedule.state_word(feed, after, now), silent=schedule.silent(after, now))
    return steps.told(feed, before, after, seen, instance)


def write(ledger: Ledger, told: steps.Told, operations: Operations | None) -> None:
    """The feed's state, and what is told with it: in one transaction."""
    ledger.write_feed(told.state)
    if operations is None or not told.events:
        return
    named = [id_ for id_ in (operations.receiver, operations.fallback) if id_ is not None]
    receiver = steps.recipient(operations, {id_ for id_ in named if ledger.disabled(id_)})
    for event in told.events:
        ledger.write_alert(event, outbox.deliveries_of(event, [receiver]))
