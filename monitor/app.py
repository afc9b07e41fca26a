"""app: a Configuration in, a running newsmon out. The composition root: the only room that picks adapters."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from urllib.parse import urlsplit

from monitor import __version__
from monitor.adapters import logs
from monitor.adapters.clock import SystemClock
from monitor.adapters.fetcher import Fetcher
from monitor.adapters.metrics import Metrics
from monitor.adapters.parse_pool import ParsePool
from monitor.adapters.receivers.log import Log
from monitor.adapters.receivers.webhook import Webhook
from monitor.adapters.sender import Sender
from monitor.adapters.store import deliveries as stored_deliveries
from monitor.adapters.store import feeds as stored_feeds
from monitor.adapters.store.books import StoreFeedBook, StoreOutbox, StoreUpkeep
from monitor.adapters.store.lock import Held, RunLock
from monitor.adapters.store.open import Store
from monitor.adapters.store.snapshot import take
from monitor.adapters.systemd import Systemd
from monitor.adapters.ticker import Ticker
from monitor.loops import housekeep
from monitor.loops.deliver import DeliverLoop
from monitor.loops.heartbeat import Heartbeat
from monitor.loops.poll import PollLoop
from monitor.loops.process import Rules
from monitor.loops.supervise import Pulse, keep_running
from monitor.model.delivery import ReceiverKind
from monitor.model.settings import Configuration, Settings
from monitor.ports import Snapshot, StorageError
from monitor.steps.match import compile_topics
from monitor.web.health import app as web_app
from monitor.web.server import Door, ListenError, Server

TICK = timedelta(seconds=1)
PROBE_EVERY = timedelta(seconds=5)
BASELINES_EVERY = timedelta(seconds=2)
SUMMARY_EVERY = timedelta(minutes=1)
HOUSEKEEP_EVERY = timedelta(hours=1)
EXIT_CONFIGURATION = 2
EXIT_NOW = 130

_log = logging.getLogger("newsmon")


def rules_of(configuration: Configuration) -> Rules:
    """What the configuration says about matching and alerting, compiled."""
    return Rules(
        topics=compile_topics(configuration.topics, configuration.entities),
        by_id={topic.id: topic for topic in configuration.topics},
        routes=configuration.routes,
        late_after=configuration.settings.late_after,
        instance=configuration.settings.instance,
        operations=configuration.operations,
    )


async def run(configuration: Configuration) -> int:
    """Run the daemon until a signal ends it. The exit status: 0 after a drain, 2 where it could not start."""
    settings = configuration.settings
    logs.setup(settings.log_level, settings.log_format, sys.stderr)
    try:
        async with AsyncExitStack() as stack:
            await _run(configuration, stack)
    except (Held, StorageError, ListenError) as error:
        _log.error("newsmon cannot start: %s", error)
        return EXIT_CONFIGURATION
    return 0


async def _run(configuration: Configuration, stack: AsyncExitStack) -> None:
    settings = configuration.settings
    feeds = {feed.id: feed for feed in configuration.feeds}
    hosts = {feed.id: urlsplit(feed.url).hostname or "" for feed in configuration.feeds}
    receivers = {receiver.id: receiver for receiver in configuration.receivers}
    rules = rules_of(configuration)
    clock, systemd = SystemClock(), Systemd()
    started_at = clock.now()
    stop = _stop_on_signals()

    lock = stack.enter_context(RunLock(settings.database))
    if settings.database.parent.is_dir():
        lock.take(started_at)

    def snapshot() -> Snapshot:
        now = clock.now()
        return store.read_now(lambda tx: take(tx, feeds, hosts, store.size_bytes, now))

    metrics = Metrics(
        version=__version__,
        revision=os.environ.get("NEWSMON_REVISION", ""),
        started_at=started_at,
        topics=tuple(topic.id for topic in configuration.topics),
        receivers=tuple(receivers),
        snapshot=snapshot,
        last_tick=lambda: ticker.last_run("poll"),
    )
    ticker = Ticker(clock, metrics)
    store = Store(settings.database, committed=metrics.committed, failed=metrics.storage_failed)
    stack.callback(store.close)
    await store.write(
        lambda tx: stored_feeds.configure(tx, [(feed, hosts[feed.id]) for feed in feeds.values()], started_at)
    )
    await store.write(stored_feeds.unclaim)
    outbox, upkeep = StoreOutbox(store), StoreUpkeep(store)
    await outbox.reclaim()

    agent = settings.poll.agent(__version__)
    own = [(listen.host, listen.port) for listen in (settings.listen, settings.metrics_listen) if listen is not None]
    fetcher = await stack.enter_async_context(Fetcher(user_agent=agent, own_addresses=own))
    sender = await stack.enter_async_context(Sender(user_agent=agent, own_addresses=own))
    pool = ParsePool(workers=settings.poll.parse_workers)
    stack.push_async_callback(pool.close)

    hint = asyncio.Event()
    polling = PollLoop(
        feeds=feeds,
        rules=rules,
        book=StoreFeedBook(store),
        fetch=fetcher,
        parse=pool,
        clock=clock,
        meter=metrics,
        concurrency=settings.poll.concurrency,
        delivered=hint,
    )
    delivering = DeliverLoop(
        receivers=receivers,
        tell={ReceiverKind.WEBHOOK: Webhook(sender), ReceiverKind.LOG: Log()},
        outbox=outbox,
        clock=clock,
        meter=metrics,
        settings=settings.delivery,
        hint=hint,
    )
    pulse = Pulse(clock=clock, last_tick=lambda: ticker.last_run("poll"), started_at=started_at)

    async def probe() -> None:
        await pulse.probe(store.check)
        if pulse.health().alive:
            systemd.watchdog()

    async def tell_baselines() -> None:
        if await housekeep.tell_baselines(upkeep, feeds, rules, clock):
            hint.set()

    async def summary() -> None:
        line = housekeep.summarise(polling.tally, delivering.tally)
        if line:
            _log.info("last minute: %s", line)
            systemd.status(line)

    async def keep_house() -> None:
        await housekeep.forget(upkeep, settings.retention, clock.now())

    if settings.heartbeat is not None:
        heartbeat = Heartbeat(
            settings=settings.heartbeat,
            fetch=fetcher,
            health=pulse.health,
            waiting_since=lambda: store.read(lambda tx: stored_deliveries.waiting_since(tx, tuple(receivers))),
            clock=clock,
        )
        ticker.every("heartbeat", TICK, heartbeat.tick)
    ticker.every("poll", TICK, polling.tick)
    ticker.every("probe", min(PROBE_EVERY, systemd.watchdog_every or PROBE_EVERY), probe)
    ticker.every("baselines", BASELINES_EVERY, tell_baselines)
    ticker.every("summary", SUMMARY_EVERY, summary)
    ticker.every("housekeep", HOUSEKEEP_EVERY, keep_house)

    doors = _doors(settings, pulse, metrics)
    server = Server(doors)
    await server.start()
    stack.push_async_callback(server.stop)
    _introduce(configuration, dict(zip((door.setting for door in doors), server.ports, strict=True)))
    deliveries = asyncio.create_task(keep_running("deliver", delivering.run, metrics))
    ticker.start()
    systemd.ready()

    await stop.wait()
    _log.info("stopping: running polls and deliveries may end within %g s", settings.drain.total_seconds())
    systemd.stopping()
    deliveries.cancel()
    await ticker.stop()
    polling.abandon()
    await asyncio.gather(polling.drain(settings.drain), delivering.drain(settings.drain))
    _log.info("stopped")


def _doors(settings: Settings, pulse: Pulse, metrics: Metrics) -> list[Door]:
    """One listener for health, one for the metrics; or both on one."""
    apart = settings.metrics_listen is not None
    doors = []
    if settings.listen is not None:
        app = web_app(health=pulse.health, metrics=None if apart else metrics.asgi())
        doors.append(Door(listen=settings.listen, app=app, setting="web.listen"))
    if settings.metrics_listen is not None:
        app = web_app(metrics=metrics.asgi())
        doors.append(Door(listen=settings.metrics_listen, app=app, setting="metrics.listen"))
    return doors


def _stop_on_signals() -> asyncio.Event:
    """The event that SIGTERM and SIGINT set. A second one ends the process at once."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(EXIT_NOW)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    return stop


def _introduce(configuration: Configuration, ports: Mapping[str, int]) -> None:
    """What runs, as absolute facts. `ports` are those really opened, by the setting that names their door."""
    settings = configuration.settings
    _log.info("newsmon %s, configuration %s", __version__, configuration.folder.absolute())
    _log.info("database %s", settings.database.absolute())
    for receiver in configuration.receivers:
        target = f" to {urlsplit(receiver.url).hostname}" if receiver.url else ""
        _log.info("receiver %s: %s%s", receiver.id, receiver.kind, target)
    if settings.heartbeat is not None:
        watcher = urlsplit(settings.heartbeat.url.reveal()).hostname
        _log.info("heartbeat to %s every %g s", watcher, settings.heartbeat.every.total_seconds())
    metrics = (
        ("metrics.listen", settings.metrics_listen) if settings.metrics_listen else ("web.listen", settings.listen)
    )
    for name, (setting, listen) in {"health": ("web.listen", settings.listen), "metrics": metrics}.items():
        if listen is not None:
            host = f"[{listen.host}]" if ":" in listen.host else listen.host
            _log.info("%s on http://%s:%d", name, host, ports[setting])
    _log.info(
        "%d feeds, %d topics, %d routes", len(configuration.feeds), len(configuration.topics), len(configuration.routes)
    )
    for warning in configuration.warnings:
        _log.warning("%s", warning)
