"""lists: subscription lists of other programs in, and feeds out as such a list."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.feeds.add import write_feeds
from monitor.cli.folder import configuration_in, configuration_of, folder_of
from monitor.cli.terminal import BAD_USAGE, OK, plural, refuse, say

if TYPE_CHECKING:
    from monitor.config.opml import Outline

_FORMATS = ("opml", "yaml")


def import_(
    context: typer.Context,
    file: Path = typer.Argument(metavar="FILE.opml", help="The list that another program exported."),
    to: Path | None = typer.Option(
        None, "--to", metavar="feeds.yaml", help="Add the feeds to this file, rather than print them."
    ),
) -> None:
    r"""Take the feeds of a subscription list (OPML) as entries of feeds.yaml.

    Folders become tags. Feeds that are listed already are left out. To go on
    using the list itself, name it in feeds.yaml: `opml: \[FILE.opml]`.

      newsmon feeds import subscriptions.opml
      newsmon feeds import subscriptions.opml --to feeds.yaml
    """
    from monitor.commands.feeds.write import FILE, Wish, known_by, named
    from monitor.config.append import as_yaml

    outlines = _read(file)
    configuration = None
    if to is not None:
        target = to if to.is_absolute() or to.exists() else folder_of(context) / to
        if target.name != FILE:
            refuse(f"expected a file {FILE}: only a whole configuration can be checked", BAD_USAGE)
        configuration = configuration_in(target.parent)
    elif folder_of(context).is_dir():
        configuration = configuration_of(context)
    feeds = configuration.feeds if configuration else ()
    fresh = [each for each in outlines if known_by(feeds, each.url) is None]
    wishes = [
        Wish(
            url=each.url,
            title=each.title,
            lang=each.lang,
            id=each.id if each.id not in {feed.id for feed in feeds} else "",
            publisher=each.publisher or each.title,
            tags=each.tags,
        )
        for each in fresh
    ]
    made = named(wishes, feeds)
    known = len(outlines) - len(fresh)
    say(f"{file}: {plural(len(outlines), 'feed')}" + (f", {known} of them listed already" if known else ""))
    if configuration is None or to is None:
        print(as_yaml(made), end="")
        raise typer.Exit(OK)
    raise typer.Exit(write_feeds(configuration, made) if made else OK)


def export(
    context: typer.Context,
    file: Path | None = typer.Argument(None, metavar="[FILE]", help="Where to write; left out: on the terminal."),
    form: str = typer.Option("opml", "--format", metavar="FORMAT", help="opml or yaml."),
    force: bool = typer.Option(False, "--force", help="Overwrite a file that is there."),
) -> None:
    """Write the feeds as a list that other programs read (OPML), or as YAML.

    OPML holds titles, URLs, tags, languages and, for newsmon itself, ids and
    publishers; no intervals. URLs are written whole, with what came from
    variables.

      newsmon feeds export feeds.opml
      newsmon feeds export --format yaml
    """
    from monitor.config.append import as_yaml
    from monitor.config.opml import write_opml

    if form not in _FORMATS:
        refuse(f"there is no format {form}: expected opml or yaml", BAD_USAGE)
    configuration = configuration_of(context)
    title = f"Feeds of {configuration.settings.instance}"
    text = write_opml(configuration.feeds, title) if form == "opml" else f"feeds:\n{as_yaml(configuration.feeds)}"
    if file is None:
        print(text, end="")
        return
    try:
        with file.open("w" if force else "x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        refuse(f"{file} is already there; --force overwrites", BAD_USAGE)
    except OSError as error:
        refuse(f"{file}: {error.strerror}", BAD_USAGE)
    say(f"{plural(len(configuration.feeds), 'feed')} written to {file}")


def _read(file: Path) -> "tuple[Outline, ...]":
    from monitor.config import ConfigError
    from monitor.config.opml import OPML_BYTES_MAX, read_opml

    try:
        with file.open("rb") as opened:
            return read_opml(file, opened.read(OPML_BYTES_MAX + 1))
    except OSError as error:
        refuse(f"{file}: {error.strerror}", BAD_USAGE)
    except ConfigError as error:
        refuse(str(error), BAD_USAGE)
