"""newsmon_side: the poll loop of newsmon with its real adapters, wired as `monitor.app` wires them, without web, deliveries and clockwork.

    python -c 'from benchmarks.poll.newsmon_side import start; start()' FOLDER PRIME

Then a case's name a line on standard input, see `sides`. It is no main module, since every parse worker would import that again, with all
that it imports: the daemon's main module imports nothing until it is told what to do.

Ticks are the daemon's, only without the pause between them: each claims as many feeds as may be polled at once, and when these have been
polled comes the next one.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Connection, func, select

from benchmarks.profile import profiled
from monitor import __version__
from monitor.adapters import logs
from monitor.adapters.clock import SystemClock
from monitor.adapters.fetcher import Fetcher
from monitor.adapters.metrics import Metrics
from monitor.adapters.parse_pool import ParsePool
from monitor.adapters.store import feeds as stored_feeds
from monitor.adapters.store import tables
from monitor.adapters.store.books import StoreFeedBook
from monitor.adapters.store.open import Store
from monitor.adapters.store.snapshot import take
from monitor.app import rules_of
from monitor.config.load import load
from monitor.loops.poll import PollLoop
from monitor.model.poll import Document, Request, Response

POLLS_MAX = timedelta(minutes=5)
"""For those that run at the same time."""


async def run(folder: Path, prime: str, stack: AsyncExitStack) -> None:
    configuration = load(folder, os.environ)
    settings = configuration.settings
    logs.setup(settings.log_level, settings.log_format, stack.enter_context((folder / "log").open("w")))
    feeds = {feed.id: feed for feed in configuration.feeds}
    hosts = {feed.id: urlsplit(feed.url).hostname or "" for feed in configuration.feeds}
    rules = rules_of(configuration)
    clock = SystemClock()
    metrics = Metrics(
        version=__version__,
        revision="",
        started_at=clock.now(),
        topics=tuple(topic.id for topic in configuration.topics),
        receivers=tuple(receiver.id for receiver in configuration.receivers),
        snapshot=lambda: store.read_now(lambda tx: take(tx, feeds, hosts, store.size_bytes, clock.now())),
        last_tick=clock.now,
    )
    store = Store(settings.database, committed=metrics.committed, failed=metrics.storage_failed)
    stack.callback(store.close)
    wanted = [(feed, hosts[feed.id]) for feed in feeds.values()]
    await store.write(lambda tx: stored_feeds.configure(tx, wanted, clock.now()))
    fetcher = await stack.enter_async_context(Fetcher(user_agent=settings.poll.agent(__version__)))
    pool = ParsePool(workers=settings.poll.parse_workers)
    stack.push_async_callback(pool.close)
    polling = PollLoop(
        feeds=feeds,
        rules=rules,
        book=StoreFeedBook(store),
        fetch=fetcher,
        parse=pool,
        clock=clock,
        meter=metrics,
        concurrency=settings.poll.concurrency,
        delivered=asyncio.Event(),
    )
    await _warm_up(fetcher, pool, settings.poll.parse_workers, prime, clock)
    _say({})
    for case in iter(sys.stdin.readline, ""):
        # A loop that has not ticked for a while spreads what is due, as after a long sleep: it ticks once while nothing is.
        await store.write(lambda tx: _make_due(tx, clock.now() + timedelta(days=1)))
        await polling.tick()
        await store.write(lambda tx: _make_due(tx, clock.now()))
        _say({})
        sys.stdin.readline()
        with profiled(case.strip()):
            await _poll_all(polling)
        _say({})
        sys.stdin.readline()
        items = await store.read(lambda tx: tx.scalar(select(func.count()).select_from(tables.items)))
        _say({"items": items, "failed": _failed(polling.tally), "tally": dict(polling.tally)})
        polling.tally.clear()


async def _warm_up(fetcher: Fetcher, pool: ParsePool, workers: int, prime: str, clock: SystemClock) -> None:
    """One document for each worker, so that all of them have started and imported what they need."""
    answer = await fetcher.fetch(Request(url=prime, allow_private=("127.0.0.0/8",)))
    assert isinstance(answer, Response), answer
    document = Document(body=answer.body, content_type=answer.header("content-type") or "", url=answer.url)
    await asyncio.gather(*(pool.parse(document, clock.now()) for _ in range(workers)))


def _make_due(tx: Connection, moment: datetime) -> None:
    stored_feeds.move(tx, dict.fromkeys(stored_feeds.all_states(tx), moment))


async def _poll_all(polling: PollLoop) -> None:
    while True:
        await polling.tick()
        if not polling.in_progress:
            return
        await polling.drain(POLLS_MAX)


def _failed(tally: Mapping[str, int]) -> list[str]:
    good = {"polls new", "polls not_modified", "polls unchanged"}
    return [f"{count} {word}" for word, count in tally.items() if word.startswith("polls") and word not in good]


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


def start() -> None:
    asyncio.run(_main())


async def _main() -> None:
    async with AsyncExitStack() as stack:
        await run(Path(sys.argv[1]), sys.argv[2], stack)
