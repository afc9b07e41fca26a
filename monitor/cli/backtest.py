"""backtest: what a topic, or a changed version of it, would have alerted over the past; and what of it was never told, delivered."""

import asyncio
import os
from contextlib import AsyncExitStack, aclosing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.folder import configuration_in, configuration_or_shipped, folder_of, reading
from monitor.cli.terminal import BAD_USAGE, FOUND_PROBLEMS, OK, listing, plural, progress_bar, refuse, say
from monitor.cli.times import now as time_now
from monitor.cli.times import span_ago

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from monitor.commands.backtest import Backtest, Version
    from monitor.commands.catch_up import CatchUp, Queued, Rules
    from monitor.commands.past import Portion
    from monitor.model.settings import Configuration

SINCE = "30d"  # of the store
PARSE_WORKERS_MAX = 4
BAD_LINES_SHOWN_MAX = 20


def backtest(
    context: typer.Context,
    topic_id: Annotated[str, typer.Argument(metavar="TOPIC", help="The id of a topic; with --query, of a draft, too.")],
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="JSONL files, feed documents, or folders with them, instead of the store."),
    ] = None,
    query: Annotated[str | None, typer.Option("--query", help="Try this query in place of the topic's.")] = None,
    other: Annotated[
        Path | None, typer.Option("--config", metavar="DIR", help="Try the topic as this other folder words it.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="SPAN", help="How far back: 24h, 7d.", show_default=f"{SINCE} of the store, all of files"
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, max=100_000, help="How long the lists are; counts are of everything.")
    ] = 50,
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Deliver what the topic finds in the store and never decided about.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Run a topic over the past: what would have alerted, how many a day, and what a change would change.

    The items are those of the store, read beside a running daemon, or those of
    files: JSONL with title, summary, link, published, lang a line, or feeds.
    Nothing is stored or sent, except with --deliver.

      newsmon backtest peace-talks
      newsmon backtest peace-talks --query 'ukraine AND (talks OR truce)'
      newsmon backtest peace-talks archive.jsonl saved-feeds/ --config new/
      newsmon backtest my-draft --query 'zeppelin*' --since 7d --json
      newsmon backtest peace-talks --since 7d --deliver
    """
    from monitor.cli.backtested import Told, show
    from monitor.commands.backtest import Backtest
    from monitor.commands.sources import is_url

    _check(query, other, files or (), deliver=deliver)
    urls = [file for file in files or () if is_url(file)]
    if urls:
        refuse(f"a backtest reads files, and {urls[0]} is none; `newsmon try` reads a feed's address", BAD_USAGE)
    after = None if files and since is None else span_ago(since or SINCE)
    configuration, own = configuration_or_shipped(context)
    live, changed, tested = _versions(topic_id, query, other, configuration)
    test = Backtest(live, changed, limit=limit)
    run = _Run(test)
    queued: Queued | None = None
    if files:
        asyncio.run(run.over_files(files, after, configuration))
    else:
        _need_database(topic_id, configuration, folder=None if own else folder_of(context))
        rules = _rules(live, configuration) if deliver and live is not None else None
        queued = asyncio.run(run.over_store(after or time_now(), configuration, rules))
    show(
        Told(
            topic=tested.topic,
            live=None if live is None else live.topic,
            changed=changed is not None,
            files=run.files if files else None,
            since=after,
            bad_lines=run.bad_lines,
            unread=run.unread,
            queued=queued,
        ),
        test.report(),
        as_json=as_json,
    )
    untold = queued is not None and bool(queued.unrouted)
    raise typer.Exit(FOUND_PROBLEMS if run.unread or untold else OK)


def _check(query: str | None, other: Path | None, files: "Sequence[str]", *, deliver: bool) -> None:
    """Refuse what cannot be meant together."""
    if query is not None and other is not None:
        refuse("--query and --config are two different changes: give one of them", BAD_USAGE)
    if deliver and (query is not None or other is not None):
        refuse("--deliver is for a topic as it is configured: put the change into the configuration first", BAD_USAGE)
    if deliver and files:
        refuse("--deliver is for what the store holds, not for files", BAD_USAGE)


def _versions(
    topic_id: str, query: str | None, other: Path | None, configuration: "Configuration"
) -> "tuple[Version | None, Version | None, Version]":
    """The live version, the changed one, and the one of them that is tested."""
    from monitor.commands.backtest import reworded, version_of
    from monitor.config.problems import nearest
    from monitor.model.ids import TopicId
    from monitor.steps.match import QueryError

    live = _version(topic_id, configuration)
    strange = f"there is no topic `{topic_id}`{nearest(topic_id, [topic.id for topic in configuration.topics])}"
    changed: Version | None = None
    if query is not None:
        try:
            topic = reworded(TopicId(topic_id), None if live is None else live.topic, query, configuration.entities)
            changed = version_of(topic, configuration.entities)
        except QueryError as error:
            refuse(f"the query cannot be read: {error}", BAD_USAGE)
    elif other is not None:
        theirs = configuration_in(other)
        changed = _version(topic_id, theirs)
        if changed is None:
            near = nearest(topic_id, [topic.id for topic in theirs.topics])
            refuse(f"{other} has no topic `{topic_id}`{near}", BAD_USAGE)
    tested = changed or live
    if tested is None:
        refuse(strange, BAD_USAGE)
    if live is None:
        say(f"{strange}. So this is a draft, and there is nothing to compare it with.")
    return live, changed, tested


def _version(topic_id: str, configuration: "Configuration") -> "Version | None":
    from monitor.commands.backtest import version_of

    topic = next((topic for topic in configuration.topics if topic.id == topic_id), None)
    return None if topic is None else version_of(topic, configuration.entities)


def _need_database(topic_id: str, configuration: "Configuration", *, folder: Path | None) -> None:
    """`folder`: the configuration folder that is not there."""
    database = configuration.settings.database
    if folder is not None:
        why = f"there is no configuration folder `{folder}`, so there is no store to read"
    elif not database.exists():
        why = f"there is no database at {database}"
    else:
        return
    refuse(f"{why}: start `newsmon run` first, or give files to read: `newsmon backtest {topic_id} items.jsonl`")


def _rules(live: "Version", configuration: "Configuration") -> "Rules":
    """What --deliver goes by; a topic that no route takes ends the command."""
    from monitor.commands.catch_up import Rules

    rules = Rules(
        topic=live.topic, routes=configuration.routes, instance=configuration.settings.instance, now=time_now()
    )
    severities = rules.severities()
    if not any(rules.receivers(severity) for severity in severities):
        refuse(f"no route takes {live.topic.id} at severity {listing(severities, 'or')}: add one to alerts.yaml")
    return rules


class _Run:
    """One run over the past; counts what could not be read."""

    def __init__(self, test: "Backtest") -> None:
        self._test = test
        self.files = self.bad_lines = self.unread = 0

    async def over_files(self, named: "Sequence[str]", since: datetime | None, configuration: "Configuration") -> None:
        from monitor.adapters.parse_pool import ParsePool
        from monitor.commands.past import of_files, size_of
        from monitor.commands.sources import spread

        files = list(spread(named))
        self.files = len(files)
        async with AsyncExitStack() as stack:
            pool = ParsePool(workers=min(PARSE_WORKERS_MAX, len(files), os.cpu_count() or 1))
            stack.push_async_callback(pool.close)
            advance = stack.enter_context(progress_bar(f"reading {plural(len(files), 'file')}", size_of(files)))
            await self._judge(of_files(files, pool, configuration.feeds, since, time_now()), advance, None)
        if self.bad_lines:
            say(f"{plural(self.bad_lines, 'line')} could not be read.")

    async def over_store(
        self, since: datetime, configuration: "Configuration", rules: "Rules | None"
    ) -> "Queued | None":
        from monitor.adapters.store import items
        from monitor.commands.catch_up import CatchUp
        from monitor.commands.past import of_store
        from monitor.commands.writing import writer

        database = configuration.settings.database
        async with AsyncExitStack() as stack:
            read = stack.enter_context(reading(configuration))
            late = None if rules is None else CatchUp(stack.enter_context(writer(database)), rules)
            total = read(lambda tx: items.count_since(tx, since))
            advance = stack.enter_context(progress_bar(f"judging {plural(total, 'item')}", total))
            await self._judge(of_store(read, since, configuration.feeds), advance, late)
            return None if late is None else late.finish()

    async def _judge(
        self, portions: "AsyncGenerator[Portion]", advance: "Callable[[int], None]", late: "CatchUp | None"
    ) -> None:
        async with aclosing(portions) as read:
            async for portion in read:
                matched = [(given, self._test.judge(given)) for given in portion.given]
                if late is not None:
                    late.offer([(given.stored, match) for given, match in matched if given.stored and match])
                self._complain(portion)
                advance(portion.size)

    def _complain(self, portion: "Portion") -> None:
        for line in portion.bad_lines[: max(0, BAD_LINES_SHOWN_MAX - self.bad_lines)]:
            say(line)
        self.bad_lines += len(portion.bad_lines)
        if portion.unread:
            self.unread += 1
            say(portion.unread)
