"""poll: due feeds in, finished polls out. Asks the network, lets the steps decide, writes what was decided."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from monitor.loops import operations
from monitor.loops.process import Rules, ingest
from monitor.model.alert import Decision
from monitor.model.feed import READ_WHOLE_EVERY, Feed, FeedState
from monitor.model.ids import FeedId
from monitor.model.item import Parsed
from monitor.model.poll import Document, FetchFailure, Outcome, PollResult, Response
from monitor.ports import Clock, FeedBook, Fetch, Ingested, Meter, Parse, StorageError
from monitor.steps import fetch as fetching
from monitor.steps import network, schedule

LEASE = timedelta(minutes=10)  # of a claimed feed: longer than it can wait for its turn and be polled
CLAIMS = 8  # times as many feeds are claimed as are polled at once, so that nothing stands still between two ticks
FAILING_AFTER = schedule.FAILING_COUNT
SLEPT = timedelta(seconds=60)  # without a tick: then the machine was asleep, or its clock was set
BACK_WITHIN = timedelta(minutes=1)  # after our own network failed, everybody is polled

_log = logging.getLogger(__name__)


class PollLoop:
    """Claims what is due at every tick and polls it: at most `concurrency` feeds at once, one of a host."""

    def __init__(
        self,
        *,
        feeds: Mapping[FeedId, Feed],
        rules: Rules,
        book: FeedBook,
        fetch: Fetch,
        parse: Parse,
        clock: Clock,
        meter: Meter,
        concurrency: int,
        delivered: asyncio.Event,
    ) -> None:
        self._feeds = feeds
        self._rules = rules
        self._book = book
        self._fetch = fetch
        self._parse = parse
        self._clock = clock
        self._meter = meter
        self._claims = concurrency * CLAIMS
        self._slots = asyncio.Semaphore(concurrency)
        self._hint = delivered
        self._running: dict[FeedId, asyncio.Task[None]] = {}
        self._queued: set[FeedId] = set()  # of those that run, the ones that wait for a slot
        self._owed: dict[FeedId, FeedState] = {}  # states that the store could not take when they were due
        self._ticked_at: datetime | None = None
        self._latest: dict[str, network.Latest] = {}  # how the last poll of each host ended
        self._hosts = len({_host(feed) for feed in feeds.values()})
        self._answered_at = clock.now()
        self._offline = False
        self.tally: Counter[str] = Counter()  # since the last summary

    @property
    def in_progress(self) -> int:
        return len(self._running)

    async def tick(self) -> None:
        """Claim due feeds and start their polls. Raises StorageError where the store cannot say."""
        await self._pay()
        now = self._clock.now()
        last, self._ticked_at = self._ticked_at, now
        if last is None or not timedelta() <= now - last < SLEPT:
            await self._spread(now)
        room = self._claims - len(self._running)
        if room <= 0:
            return
        for state in await self._book.claim_due(now, room, now + LEASE):
            feed = self._feeds.get(state.feed_id)
            if feed is None or feed.id in self._running:
                continue
            task = asyncio.create_task(self._poll(feed, state), name=f"poll {feed.id}")
            self._running[feed.id] = task
            task.add_done_callback(partial(self._ended, feed.id))

    async def _spread(self, now: datetime) -> None:
        """After a start, a sleep, or when the clock was set: what is overdue, or waits for a time far away, is polled soon, but not at once."""
        astray = [
            (feed, state.next_poll_at)
            for state in await self._book.astray(now)
            if (feed := self._feeds.get(state.feed_id)) is not None
        ]
        await self._book.move(schedule.spread(astray, now))

    def _ended(self, feed_id: FeedId, _: asyncio.Task[None]) -> None:
        self._running.pop(feed_id, None)
        self._queued.discard(feed_id)

    def abandon(self) -> None:
        """Give up the polls that have not begun: at the next start their feeds are due."""
        for feed_id in self._queued:
            self._running[feed_id].cancel()

    async def drain(self, limit: timedelta) -> None:
        """Let running polls end, for at most that long; then they are given up, as if they had never begun."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=limit.total_seconds())
        left = list(self._running.values())
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _poll(self, feed: Feed, state: FeedState) -> None:
        try:
            self._queued.add(feed.id)
            async with self._slots:
                self._queued.discard(feed.id)
                self._meter.lagged(self._clock.now() - state.next_poll_at)
                await self._poll_once(feed, state)
        except StorageError as error:
            self._owed.setdefault(feed.id, state)  # unchanged: it is due again as soon as the store takes it
            _log.warning("feed %s: its poll could not be written down: %s", feed.id, error, extra={"feed": feed.id})
        except Exception:  # noqa: BLE001  one broken task must not stop the loop
            self._meter.ran("poll", "error")
            self._owed.setdefault(feed.id, replace(state, next_poll_at=self._clock.now() + state.interval))
            _log.exception("feed %s: its poll broke", feed.id, extra={"feed": feed.id})

    async def _poll_once(self, feed: Feed, before: FeedState) -> None:
        started = self._clock.now()
        answer = await self._fetch.fetch(fetching.request(feed, before, started))
        fetched = self._clock.now()
        judged = fetching.judge(answer, before, feed, fetched)
        response = answer if isinstance(answer, Response) else None
        parsed: Parsed | None = None
        outcome, detail, limit = judged.outcome, judged.detail, False
        if judged.body is not None and response is not None:
            read = await self._parse.parse(self._document(feed, before, judged.body, response, fetched), fetched)
            if isinstance(read, Parsed):
                parsed = read
            else:
                outcome, detail, limit = Outcome.PARSE_ERROR, read.detail, read.limit
        ended = self._clock.now()
        result = PollResult(
            outcome=outcome,
            detail=detail,
            at=ended,
            status=None if response is None else response.status,
            validators=judged.validators,
            retry_after=judged.retry_after,
            fresh_for=judged.fresh_for,
            permanent_url=None if response is None else response.permanent_url,
            limit=limit,
            elapsed=ended - started,
            bytes_read=0 if response is None else len(response.body),
        )
        stayed = isinstance(answer, FetchFailure) and answer.stayed
        offline = await self._watch_network(feed, result, stayed=stayed)
        stages = {"fetch": fetched - started, "parse": ended - fetched}
        if parsed is None:
            after = schedule.after_poll(feed, before, result, offline=offline)
            after = await self._record(feed, before, after)
            if judged.retry_after is not None:
                await self._book.rest_host(feed.id, ended + judged.retry_after)
        else:
            known = parsed
            (ingested, after), took = await self._book.commit(
                lambda ledger: ingest(ledger, feed, before, result, known, self._rules, self._clock)
            )
            stages |= took
            stages["commit"] = self._clock.now() - ended - sum(took.values(), timedelta())
            self._meter.ingested(ingested, stages)
            self._tell_ingested(feed, ingested)
        self._meter.polled(feed.id, replace(result, elapsed=self._clock.now() - started))
        self._tell(feed, before, after, result)

    def _document(self, feed: Feed, before: FeedState, body: bytes, response: Response, now: datetime) -> Document:
        """What is to be read: now and then all of it, else without the entries that were there the last time."""
        known = before.url == feed.url and before.document_at is not None
        recent = known and now - (before.document_at or now) < READ_WHOLE_EVERY
        return Document(
            body=body,
            content_type=response.header("content-type") or "",
            url=response.url,
            seen=before.validators.entry_hashes if recent else frozenset(),
        )

    async def _watch_network(self, feed: Feed, result: PollResult, *, stayed: bool) -> bool:
        """Whether that poll failed because our own network does. At the first answer after that, everybody is polled again."""
        self._latest[_host(feed)] = network.Latest(at=result.at, outcome=result.outcome, stayed=stayed)
        if not network.unreached(result.outcome):
            self._answered_at = result.at
            if self._offline:
                self._offline = False
                _log.info("the network is back: all feeds that could not be reached are polled within a minute")
                self._latest.clear()
                await self._book.move(schedule.soon(await self._book.unreached(), result.at, BACK_WITHIN))
            return False
        down = network.ours_is_down(
            self._latest, result.at, hosts=self._hosts, answered_at=self._answered_at, known=self._offline
        )
        if down and not self._offline:
            self._offline = True
            _log.warning("most feeds cannot be reached at once: it is our own network, and no feed is held responsible")
        return down

    async def _record(self, feed: Feed, before: FeedState, after: FeedState) -> FeedState:
        """Write the state down, and with it what an operator is told of it."""
        rules = self._rules
        told = operations.watch(feed, before, after, rules.operations, rules.instance)
        try:
            if told.events:
                await self._book.commit(lambda ledger: operations.write(ledger, told, rules.operations))
                self._hint.set()
            else:
                await self._book.record(told.state)
        except StorageError:
            self._owed[feed.id] = after  # in which nothing is told: the next poll tells it
            raise
        return told.state

    async def _pay(self) -> None:
        """Write the states that are owed since the store failed."""
        for feed_id, state in list(self._owed.items()):
            await self._book.record(state)
            self._owed.pop(feed_id, None)

    def _tell(self, feed: Feed, before: FeedState, after: FeedState, result: PollResult) -> None:
        self.tally[f"polls {result.outcome}"] += 1
        fields = {"feed": feed.id, "outcome": result.outcome.value, "detail": result.detail}
        _log.debug("polled %s: %s", feed.id, result.detail or result.outcome, extra=fields)
        if after.failures >= FAILING_AFTER > before.failures or (before.last_poll_at is None and after.failures):
            _log.warning("feed %s is failing: %s", feed.id, result.detail, extra=fields)
        elif before.failures >= FAILING_AFTER and not after.failures:
            _log.info("feed %s has recovered after %d failed polls", feed.id, before.failures, extra=fields)

    def _tell_ingested(self, feed: Feed, ingested: Ingested) -> None:
        self.tally["new items"] += ingested.new_items
        self.tally["alerts"] += len(ingested.alerts)
        fields = {"feed": feed.id, "entries": ingested.entries, "new": ingested.new_items}
        if ingested.baseline and ingested.entries:
            held = sum(decision is Decision.BASELINE for _, decision in ingested.matches)
            text = "feed %s: first poll read %d items, %d of their matches are held as baseline"
            _log.info(text, feed.id, ingested.entries, held, extra=fields)
        if ingested.rolled_off:
            text = "feed %s: nothing of its document was known, items may have been lost since the last poll; it is polled more often now"
            _log.warning(text, feed.id, extra=fields)
        if ingested.alerts or ingested.operations:
            self._hint.set()


def _host(feed: Feed) -> str:
    return urlsplit(feed.url).hostname or ""
