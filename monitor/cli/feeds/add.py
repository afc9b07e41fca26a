"""add: URLs of feeds or pages; what feeds are there, which of them are wanted, and those written into feeds.yaml."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from monitor.cli.feeds.check import format_words
from monitor.cli.feeds.network import Network
from monitor.cli.folder import configuration_of
from monitor.cli.terminal import BAD_USAGE, FOUND_PROBLEMS, OK, Progress, plural, refuse, say, styled, write
from monitor.cli.times import now
from monitor.text.spans import span

if TYPE_CHECKING:
    from monitor.commands.feeds.discover import Discovered, Found
    from monitor.model.feed import Feed
    from monitor.model.settings import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What the person said of what is to be added."""

    id: str
    publisher: str
    tags: tuple[str, ...]
    allow_private: tuple[str, ...]
    all: bool
    asks: bool  # on a terminal, and not told to do without


def add(
    context: typer.Context,
    urls: list[str] = typer.Argument(metavar="URL...", help="Feeds, or pages that have feeds."),
    everything: bool = typer.Option(False, "--all", help="Add every feed that a page has."),
    id_: str = typer.Option("", "--id", metavar="ID", help="The id of the one feed that is added."),
    publisher: str = typer.Option("", "--publisher", metavar="NAME", help="Who is behind it."),
    tag: list[str] | None = typer.Option(None, "--tag", metavar="TAG", help="A tag; may be given several times."),
    yes: bool = typer.Option(False, "--yes", "-y", help="Ask nothing."),
    allow_private: list[str] | None = typer.Option(
        None,
        "--allow-private",
        metavar="NETWORK",
        help="A network, address or host that may be asked though it is not public.",
    ),
) -> None:
    """Find the feeds of a site, show what they carry, and add them to feeds.yaml.

    A page is asked for the feeds that it names; then its links, then the common
    places are tried, one at a time. Comments and formatting of feeds.yaml stay.

      newsmon feeds add https://www.theguardian.com/world
      newsmon feeds add https://example.org/rss.xml --id example --tag english
      newsmon feeds add http://rsshub.internal:1200/x --allow-private 10.0.0.0/8

    Exit code 1 where no feed was found; 2 where there are several and nobody
    to choose: then name one, or add --all.
    """
    from monitor.config.names import check_line, check_private, check_slug, check_url

    for value, check in ((id_, check_slug), (publisher, check_line)):
        if value:
            _sound(value, check)
    said = _Said(
        id=id_,
        publisher=publisher.strip(),
        tags=tuple(_sound(each, check_line) for each in tag or ()),
        allow_private=tuple(_sound(each, check_private) for each in allow_private or ()),
        all=everything,
        asks=not yes and sys.stdin.isatty() and sys.stdout.isatty(),
    )
    wanted = [_sound(url if "://" in url else f"https://{url}", check_url) for url in dict.fromkeys(urls)]
    configuration = configuration_of(context)
    if id_ and (len(wanted) > 1 or everything):
        refuse("--id names one feed; give one URL, without --all", BAD_USAGE)
    if id_ and any(feed.id == id_ for feed in configuration.feeds):
        refuse(f"there is already a feed `{id_}`", BAD_USAGE)
    raise typer.Exit(_add(configuration, wanted, said))


def _sound(text: str, check: "object") -> str:
    try:
        return str(check(text))  # type: ignore[operator]
    except ValueError as error:
        refuse(f"{text}: {error}", BAD_USAGE)


def _add(configuration: "Configuration", urls: Sequence[str], said: _Said) -> int:
    discovered = asyncio.run(_discover(configuration, urls, said))
    code = OK
    chosen: list[Found] = []
    for each in discovered:
        if each.problem:
            say(f"{each.url}: {each.problem}")
            code = max(code, FOUND_PROBLEMS)
            continue
        fresh = _show(each, configuration.feeds, [found.url for found in chosen])
        picked = _choose(fresh, said)
        if picked is None:
            say(f"{plural(len(fresh), 'feed')} at {each.url}: name one by its URL, or add --all")
            code = BAD_USAGE
        else:
            chosen += picked
    if said.id and len(chosen) > 1:
        refuse("--id names one feed; choose one", BAD_USAGE)
    return max(code, _write(configuration, chosen, said)) if chosen else code


async def _discover(configuration: "Configuration", urls: Sequence[str], said: _Said) -> "list[Discovered]":
    from monitor.adapters.clock import SystemClock
    from monitor.commands.feeds.discover import discover

    progress = Progress()
    async with Network(configuration) as network:
        try:
            return [
                await discover(
                    url,
                    network.fetch,
                    network.parse,
                    SystemClock(),
                    said.allow_private,
                    lambda asked: progress.show(f"asking {asked}"),
                )
                for url in urls
            ]
        finally:
            progress.hide()


def _show(discovered: "Discovered", feeds: "Sequence[Feed]", chosen: Sequence[str]) -> "list[Found]":
    """Show what each feed carries; those that are not listed yet, in the order of their numbers."""
    from monitor.commands.feeds.write import known_by

    fresh: list[Found] = []
    for found in discovered.found:
        known = known_by(feeds, found.url)
        if known is None and found.url not in chosen:
            fresh.append(found)
            number = f"{len(fresh)}. "
        else:
            number = "   "
        write(styled(number, "bold") + styled(found.title or found.url, "bold"), styled(f"   {found.url}", "cyan"))
        age = f", newest {span(now() - found.newest)} old" if found.newest else ", undated"
        write(
            styled(
                f"   {format_words(found.kind)}, {plural(found.entries, 'entry', 'entries')}{age if found.entries else ''}",
                "dim",
            )
        )
        write(*(styled(f"   · {title}", "dim") for title in found.titles))
        if known is not None:
            write(styled(f"   already in feeds.yaml as {known.id}", "yellow"))
    return fresh


def _choose(fresh: "Sequence[Found]", said: _Said) -> "Sequence[Found] | None":
    """Those that are wanted; None where there is nobody to ask."""
    if not fresh or said.all:
        return fresh
    if not said.asks:
        return fresh if len(fresh) == 1 else None
    if len(fresh) == 1:
        return fresh if typer.confirm("Add it?", default=True, err=True) else []
    while True:
        answer = typer.prompt(f"Which? (1-{len(fresh)}, several with commas, all, none)", default="1", err=True)
        words = [word for word in answer.replace(",", " ").split() if word]
        if words in (["all"], ["none"]):
            return fresh if words == ["all"] else []
        if words and all(word.isdecimal() and 1 <= int(word) <= len(fresh) for word in words):
            return [fresh[int(word) - 1] for word in dict.fromkeys(words)]
        say(f"expected numbers from 1 to {len(fresh)}, all or none")


def _write(configuration: "Configuration", chosen: "Sequence[Found]", said: _Said) -> int:
    from monitor.commands.feeds.write import Wish, named

    wishes = [
        Wish(
            url=found.url,
            title=found.title,
            home=found.home,
            lang=found.lang,
            id=said.id,
            publisher=said.publisher,
            tags=said.tags,
            allow_private=said.allow_private,
        )
        for found in chosen
    ]
    return write_feeds(configuration, named(wishes, configuration.feeds))


def write_feeds(configuration: "Configuration", feeds: "Sequence[Feed]") -> int:
    """Add the feeds to feeds.yaml and say so; where that is not done, print what could be put there by hand. The exit code."""
    from monitor.commands.feeds.write import NotWritten
    from monitor.commands.feeds.write import write as add_to_file
    from monitor.config.append import as_yaml

    try:
        file = add_to_file(configuration.folder, feeds, os.environ)
    except NotWritten as error:
        say(f"newsmon: nothing was added: {error}")
        if error.by_hand:
            say("This belongs under `feeds:`")
            print(as_yaml(feeds), end="")
        return BAD_USAGE
    for feed in feeds:
        print(f"added {feed.id} ({feed.publisher}) to {file}")
    say("Polled as soon as `newsmon run` starts anew.")
    return OK
