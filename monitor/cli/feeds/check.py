"""check: feeds asked once, and what they answered: a line each with what is to know below it, or JSON lines."""

import asyncio
from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.feeds.named import named
from monitor.cli.feeds.network import Network
from monitor.cli.folder import configuration_of
from monitor.cli.terminal import FOUND_PROBLEMS, OK, Progress, below, plural, print_json, say, styled, write
from monitor.cli.times import now
from monitor.text.redact import feed_url, led_to
from monitor.text.spans import span

if TYPE_CHECKING:
    from monitor.commands.feeds.doctor import Checked
    from monitor.commands.feeds.signs import Visit
    from monitor.model.feed import Feed
    from monitor.model.settings import Configuration

FORMATS = {
    "rss20": "RSS 2.0",
    "rss10": "RSS 1.0",
    "atom10": "Atom 1.0",
    "atom03": "Atom 0.3",
    "json1": "JSON Feed 1",
    "json10": "JSON Feed 1.0",
    "json11": "JSON Feed 1.1",
    "json": "JSON Feed",
    "sitemap": "news sitemap",
    "xml": "XML",
}
_STYLES = {"problem": "red", "warning": "yellow", "note": "dim"}


def check(
    context: typer.Context,
    feed_ids: list[str] = typer.Argument(None, metavar="ID...", help="Only these feeds."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object a feed, one a line."),
) -> None:
    """Ask the feeds once, now, and say what is wrong with each, like a doctor.

    Nothing is stored, and a running daemon does not notice. Each feed is asked
    twice: for the whole document, and whether it honours its own validators.

      newsmon feeds check
      newsmon feeds check bbc-world reuters-world
      newsmon feeds check --json | jq 'select(.readable | not) | .id'

    Exit code 1 where any feed cannot be read.
    """
    configuration = configuration_of(context)
    feeds = named(configuration, feed_ids) if feed_ids else list(configuration.feeds)
    raise typer.Exit(asyncio.run(_check(configuration, feeds, as_json=as_json)))


def format_words(kind: str) -> str:
    return FORMATS.get(kind) or (f"RSS {kind[3]}.{kind[4:5]}" if kind.startswith("rss0") else kind)


async def _check(configuration: "Configuration", feeds: "list[Feed]", *, as_json: bool) -> int:
    from monitor.adapters.clock import SystemClock
    from monitor.commands.check import ANONYMOUS
    from monitor.commands.feeds.doctor import check_all
    from monitor.commands.feeds.signs import Weight

    progress = Progress()
    ended = 0

    def done(feed: "Feed") -> None:
        nonlocal ended
        ended += 1
        progress.show(f"{ended} of {plural(len(feeds), 'feed')}: {feed.id}")

    unread = warnings = 0
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(Network(configuration))
        stack.callback(progress.hide)
        answers = check_all(feeds, network.fetch, network.parse, SystemClock(), done)
        async for checked in await stack.enter_async_context(aclosing(answers)):
            progress.hide()
            unread += not checked.readable
            warnings += sum(finding.weight is Weight.WARNING for finding in checked.findings)
            if as_json:
                print_json(_plain(checked))
            else:
                _show(checked)
    if configuration.settings.poll.anonymous:
        say(f"warning: {ANONYMOUS}")
    say(f"{plural(len(feeds), 'feed')}, {unread} cannot be read, {plural(warnings, 'warning')}")
    return FOUND_PROBLEMS if unread else OK


def _show(checked: "Checked") -> None:
    mark = styled("✓ ", "green") if checked.readable else styled("✗ ", "red")
    write(mark + styled(checked.visit.feed.id, "bold") + styled(f"  {_summary(checked.visit)}", "dim"))
    for finding in checked.findings:
        write(below(styled(f"{finding.weight}: ", _STYLES[finding.weight]) + styled(finding.text)))


def _summary(visit: "Visit") -> str:
    from monitor.commands.feeds.signs import newest

    if visit.parsed is None:
        return feed_url(visit.feed)
    latest = newest(visit.parsed)
    told = [
        visit.judged.detail,
        format_words(visit.parsed.kind),
        plural(len(visit.parsed.items), "entry", "entries"),
        f"newest {span(now() - latest)} old" if latest else "",
        visit.compression,
        "honours its validators" if visit.honoured else "",
    ]
    return ", ".join(filter(None, told))


def _plain(checked: "Checked") -> dict[str, Any]:
    from monitor.commands.feeds.signs import newest
    from monitor.model.poll import Response

    visit = checked.visit
    first = visit.first if isinstance(visit.first, Response) else None
    return {
        "id": visit.feed.id,
        "url": feed_url(visit.feed),
        "readable": checked.readable,
        "outcome": visit.judged.outcome.value,
        "detail": visit.judged.detail,
        "status": first and first.status,
        "answered_by": first and led_to(first.url, visit.feed),
        "moved_to": first and first.permanent_url and led_to(first.permanent_url, visit.feed),
        "format": visit.parsed and visit.parsed.kind,
        "title": visit.parsed and visit.parsed.title,
        "entries": visit.parsed and len(visit.parsed.items),
        "newest": visit.parsed and newest(visit.parsed),
        "bytes": first and len(first.body),
        "compression": visit.compression,
        "elapsed": visit.first.elapsed,
        "etag": visit.judged.validators.etag,
        "last_modified": visit.judged.validators.last_modified,
        "validators_honoured": visit.honoured,
        "findings": [
            {"weight": each.weight.value, "sign": each.sign.value, "text": each.text} for each in checked.findings
        ],
    }
