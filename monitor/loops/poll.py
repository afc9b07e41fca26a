"""poll: due feeds in, finished polls out. Asks the network, lets the steps decide, writes what was decided."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from monitor.loops.process import Rules, ingest
from monitor.model.alert import Decision
from monitor.model.feed import Feed, FeedState
from monitor.model.ids import FeedId
from monitor.model.item import Parsed
from monitor.model.poll import Document, Outcome, PollResult, Response
from monitor.ports import Clock, FeedBook, Fetch, Ingested, Meter, Parse, StorageError
from monitor.steps import fetch as fetching
from monitor.steps import schedule

LEASE = timedelta(seconds=60)  # of a claimed feed: longer than a poll can take
FAILING_AFTER = 3  # failures in a row until a feed's trouble is told as a state

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
        self._concurrency = concurrency
        self._hint = delivered
        self._running: dict[FeedId, asyncio.Task[None]] = {}
        self._owed: dict[FeedId, FeedState] = {}  # states that the store could not take when they were due
        self.tally: Counter[str] = Counter()  # since the last summary

    @property
    def in_progress(self) -> int:
        return len(self._running)

    async def tick(self) -> None:
        """Claim due feeds and start their polls. Raises StorageError where the store cannot say."""
        await self._pay()
        room = self._concurrency - len(self._running)
        if room <= 0:
            return
        now = self._clock.now()
        for state in await self._book.claim_due(now, room, now + LEASE):
            feed = self._feeds.get(state.feed_id)
            if feed is None or feed.id in self._running:
                continue
            self._meter.lagged(now - state.next_poll_at)
            task = asyncio.create_task(self._poll(feed, state), name=f"poll {feed.id}")
            self._running[feed.id] = task
            task.add_done_callback(partial(self._ended, feed.id))

    def _ended(self, feed_id: FeedId, _: asyncio.Task[None]) -> None:
        self._running.pop(feed_id, None)

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
            await self._poll_once(feed, state)
        except StorageError as error:
            self._owed.setdefault(feed.id, state)  # unchanged: it is due again as soon as the store takes it
            _log.warning("feed %s: its poll could not be written down: %s", feed.id, error, extra={"feed": feed.id})
        except Exception:  # noqa: BLE001  one broken task must not stop the loop
            self._meter.ran("poll", "error")
            _log.exception("feed %s: its poll broke", feed.id, extra={"feed": feed.id})

    async def _poll_once(self, feed: Feed, state: FeedState) -> None:
        started = self._clock.now()
        answer = await self._fetch.fetch(fetching.request(feed, state))
        fetched = self._clock.now()
        judged = fetching.judge(answer, state, feed, fetched)
        parsed: Parsed | None = None
        outcome, detail = judged.outcome, judged.detail
        if judged.body is not None and isinstance(answer, Response):
            document = Document(body=judged.body, content_type=answer.header("content-type") or "", url=answer.url)
            read = await self._parse.parse(document, fetched)
            if isinstance(read, Parsed):
                parsed = read
            else:
                outcome, detail = Outcome.PARSE_ERROR, read.detail
        ended = self._clock.now()
        result = PollResult(
            outcome=outcome,
            detail=detail,
            at=ended,
            status=answer.status if isinstance(answer, Response) else None,
            retry_after=judged.retry_after,
            elapsed=ended - started,
            bytes_read=len(answer.body) if isinstance(answer, Response) else 0,
        )
        after = self._after(feed, state, result)
        stages = {"fetch": fetched - started, "parse": ended - fetched}
        if parsed is None:
            if outcome is Outcome.UNCHANGED:
                after = replace(after, validators=judged.validators)
            await self._record(after)
        else:
            kept = replace(after, validators=judged.validators, document_at=ended, complaints=parsed.complaints)
            ingested, took = await self._book.commit(
                lambda ledger: ingest(ledger, feed, state, kept, parsed, self._rules, self._clock)
            )
            stages |= took
            stages["commit"] = self._clock.now() - ended - sum(took.values(), timedelta())
            self._meter.ingested(ingested, stages)
            self._tell_ingested(feed, ingested)
        self._meter.polled(feed.id, replace(result, elapsed=self._clock.now() - started))
        self._tell(feed, state, after, result)

    def _after(self, feed: Feed, state: FeedState, result: PollResult) -> FeedState:
        planned = schedule.next_poll(feed, state, result, luck=self._clock.luck())
        return replace(
            state,
            url=feed.url,
            validators=state.validators if state.url == feed.url else type(state.validators)(),
            next_poll_at=planned.next_poll_at,
            interval=planned.interval,
            failures=planned.failures,
            gone_since=planned.gone_since,
            gone_count=planned.gone_count,
            last_poll_at=result.at,
            last_outcome=result.outcome,
            last_detail=result.detail,
            last_success_at=result.at if result.outcome.good else state.last_success_at,
        )

    async def _record(self, state: FeedState) -> None:
        try:
            await self._book.record(state)
        except StorageError:
            self._owed[state.feed_id] = state
            raise

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
        if ingested.alerts:
            self._hint.set()


def first_due(feeds: Mapping[FeedId, Feed], now: datetime, clock: Clock) -> dict[FeedId, datetime]:
    """When feeds that were never polled are due: soon, and spread."""
    return {feed.id: schedule.first_due(feed, now, clock.luck()) for feed in feeds.values()}
