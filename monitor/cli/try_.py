"""try: what sources would alert and why, for a person with the words highlighted, or as JSON lines."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from monitor import __version__
from monitor.cli.clauses import because, hanging, lacking, look, plain, tree
from monitor.cli.excerpt import excerpts_of, title_of
from monitor.cli.folder import configuration_or_shipped
from monitor.cli.terminal import (
    BAD_USAGE,
    FOUND_PROBLEMS,
    OK,
    Progress,
    badge,
    clock_time,
    listing,
    plural,
    print_json,
    refuse,
    say,
    stdout,
    styled,
)

if TYPE_CHECKING:
    from monitor.commands.try_ import Entry, Tried
    from monitor.model.alert import Route
    from monitor.model.ids import TopicId
    from monitor.model.settings import Configuration
    from monitor.model.topic import Match
    from monitor.steps.match import Explanation, Topics

PARSE_WORKERS_MAX = 4
BADGE_CHARS = 8


def try_(
    context: typer.Context,
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Files, folders (with all files in them) or http(s) URLs.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per entry, one a line.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show entries that match nothing, too.")] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", help="Show why, clause by clause; with --all also what was missing for each topic."
        ),
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--topic", metavar="ID", help="Ask this topic only; may be given several times.")
    ] = None,
    allow_private: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-private",
            metavar="NETWORK",
            help="A network, address or host that may be asked although it is not public.",
        ),
    ] = None,
) -> None:
    r"""Read feeds and show what of them would alert, and why. Nothing is stored or sent.

    The topics are those of the configuration folder; where there is none, the
    shipped ones. Every entry of every source counts for itself: what stands in
    two feeds is shown twice.

      newsmon try https://feeds.bbci.co.uk/news/world/rss.xml
      newsmon try saved-feeds/ --all --verbose --topic minerals-deal
      newsmon try saved-feeds/ --json | jq -r '.topics\[].topic' | sort | uniq -c

    Exit code 1 if a source could not be read; the others are shown all the same.
    """
    from monitor.steps.match import compile_topics

    configuration, own = configuration_or_shipped(context)
    configuration = _asked_only(configuration, only or ())
    topics = compile_topics(configuration.topics, configuration.entities)
    wanted = _Wanted(everything=everything, verbose=verbose, topics=topics)
    printed = _Lines(wanted) if as_json else _Page(wanted, configuration.routes if own else None)
    raise typer.Exit(asyncio.run(_try(sources, configuration, topics, tuple(allow_private or ()), printed)))


def _asked_only(configuration: "Configuration", only: Sequence[str]) -> "Configuration":
    """The configuration with these topics; with all where none is named."""
    from monitor.config.problems import nearest

    known = {topic.id for topic in configuration.topics}
    for each in only:
        if each not in known:
            refuse(f"there is no topic `{each}`{nearest(each, known)}", BAD_USAGE)
    return (
        replace(configuration, topics=tuple(t for t in configuration.topics if t.id in only)) if only else configuration
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What of the entries is to be shown, and the topics that are asked."""

    everything: bool
    verbose: bool
    topics: "Topics"

    def told(self, entry: "Entry", topic: "TopicId") -> "Explanation":
        from monitor.steps.match import explain

        return explain(entry.item, topic, self.topics, entry.origin)


class _Printed(Protocol):
    """How answers are shown."""

    def show(self, tried: "Tried") -> None: ...
    def end(self) -> None: ...


async def _try(
    sources: Sequence[str],
    configuration: "Configuration",
    topics: "Topics",
    allow_private: tuple[str, ...],
    printed: _Printed,
) -> int:
    from monitor.adapters.clock import SystemClock
    from monitor.adapters.fetcher import Fetcher
    from monitor.adapters.parse_pool import ParsePool
    from monitor.commands.sources import spread
    from monitor.commands.try_ import Bench, try_all

    wanted = list(spread(sources))
    progress = Progress()
    read = failed = 0
    async with AsyncExitStack() as stack:
        pool = ParsePool(workers=min(PARSE_WORKERS_MAX, len(wanted), os.cpu_count() or 1))
        stack.push_async_callback(pool.close)
        bench = Bench(
            fetch=await stack.enter_async_context(Fetcher(user_agent=configuration.settings.poll.agent(__version__))),
            parse=pool,
            topics=topics,
            feeds={feed.url: feed for feed in configuration.feeds},
            allow_private=allow_private,
            now=SystemClock().now(),
        )
        answers = await stack.enter_async_context(aclosing(try_all(wanted, bench)))
        stack.callback(progress.hide)
        progress.show(f"reading {plural(len(wanted), 'source')} …")
        async for tried in answers:
            progress.hide()
            read += 1
            if tried.problem:
                failed += 1
                say(f"{tried.source}: {tried.problem}")
            else:
                printed.show(tried)
            progress.show(f"{read} of {plural(len(wanted), 'source')} read …")
    printed.end()
    if failed:
        say(f"{failed} of {plural(len(wanted), 'source')} could not be read.")
    return FOUND_PROBLEMS if failed else OK


class _Lines:
    """One JSON object an entry."""

    def __init__(self, wanted: _Wanted) -> None:
        self._wanted = wanted

    def show(self, tried: "Tried") -> None:
        for entry in tried.entries:
            if entry.matches or self._wanted.everything:
                print_json(_entry_json(tried.source, entry, self._wanted))

    def end(self) -> None:
        """Nothing: every line is an entry."""


def _entry_json(source: str, entry: "Entry", wanted: _Wanted) -> dict[str, Any]:
    item = entry.item
    return {
        "source": source,
        "id": item.guid or item.link,
        "title": item.title,
        "link": item.link,
        "published": item.published,
        "topics": [
            {
                "topic": each.topic_id,
                "severity": each.severity.value,
                "escalation": each.escalation,
                "clause": each.clause,
                "spans": [
                    {"field": span.field, "start": span.start, "end": span.end, "text": span.text}
                    for span in each.spans
                ],
                **({"clauses": plain(wanted.told(entry, each.topic_id))} if wanted.verbose else {}),
            }
            for each in entry.matches
        ],
    }


class _Page:
    """For a person: each source with what would alert, and why."""

    def __init__(self, wanted: _Wanted, routes: "Sequence[Route] | None") -> None:
        """Without `routes` nothing is said of who would be told."""
        self._topics = {topic.id: topic for topic in wanted.topics.topics}
        self._routes = routes
        self._wanted = wanted
        self._console = stdout()
        self._look = look()
        self._entries = self._matching = 0
        self._by_topic = Counter[str]()

    def show(self, tried: "Tried") -> None:
        matching = [entry for entry in tried.entries if entry.matches]
        self._entries += len(tried.entries)
        self._matching += len(matching)
        self._by_topic.update(each.topic_id for entry in matching for each in entry.matches)
        told = [tried.title, plural(len(tried.entries), "entry", "entries")]
        if tried.truncated:
            told.append(f"{tried.truncated:,} more left out")
        told.append(f"{len(matching)} would alert" if matching else "nothing matches")
        head = styled(tried.source, "bold").append_text(styled(f"  {' · '.join(filter(None, told))}", "dim"))
        self._console.print(head)
        for entry in tried.entries:
            if entry.matches:
                self._show_matching(entry)
            elif self._wanted.everything:
                self._show_other(entry)
        if matching or (self._wanted.everything and tried.entries):
            self._console.print()

    def _show_matching(self, entry: "Entry") -> None:
        from rich.table import Table

        from monitor.steps.alert import in_words

        topics = [self._topics[each.topic_id] for each in entry.matches]
        loudest = max((each.severity for each in entry.matches), key=lambda severity: severity.rank)
        coloured = self._console.is_terminal
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=BADGE_CHARS, justify="right", no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(badge(loudest), title_of(entry.item, entry.matches, coloured=coloured))
        about = (entry.publisher, clock_time(entry.item.published), entry.item.link)
        grid.add_row("", styled(" · ".join(filter(None, about)), "dim"))
        for excerpt in () if self._wanted.verbose else excerpts_of(entry.item, entry.matches, coloured=coloured):
            grid.add_row("", excerpt)
        for each, topic in zip(entry.matches, topics, strict=True):
            told = self._wanted.told(entry, topic.id)
            why = styled("").append(topic.id, "cyan")
            if not self._wanted.verbose:
                why.append(" ").append_text(because(told, entry.item, self._look))
            grid.add_row("", why.append_text(styled(self._told(each), "dim")))
            if each.escalation:
                grid.add_row("", styled(f"  {in_words(each.severity, topic.severity, each.escalation)}", "bold"))
            if self._wanted.verbose:
                for line in tree(told, entry.item, self._look, 2):
                    grid.add_row("", line)
        self._console.print(grid)

    def _told(self, match: "Match") -> str:
        """Whom an alert of the match is told to."""
        from monitor.steps.outbox import receivers_of

        if self._routes is None:
            return ""
        receivers = receivers_of([(match.topic_id, match.severity)], self._routes)
        return f" → {listing(receivers)}" if receivers else " → nobody: no route takes it"

    def _show_other(self, entry: "Entry") -> None:
        title = title_of(entry.item, (), coloured=False, style="dim")
        self._console.print(hanging(title, styled("·", "dim"), BADGE_CHARS - 1))
        if self._wanted.verbose:
            for topic in self._topics:
                lacked = (
                    styled("")
                    .append(topic, "cyan")
                    .append_text(styled(f"  no: {lacking(self._wanted.told(entry, topic))}", "dim"))
                )
                self._console.print(hanging(lacked, self._look.mark(holds=False), BADGE_CHARS + 1))

    def end(self) -> None:
        counts = ", ".join(f"{topic} {count}" for topic, count in self._by_topic.most_common())
        total = f"{plural(self._entries, 'entry', 'entries')}, {self._matching} would alert"
        self._console.print(styled(total + (f": {counts}" if counts else ""), "bold"))
