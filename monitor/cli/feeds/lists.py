"""lists: subscription lists of other programs in, and feeds out as such a list."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.feeds.add import write_feeds
from monitor.cli.folder import configuration_in, configuration_of, folder_of
from monitor.cli.terminal import BAD_USAGE, FOUND_PROBLEMS, OK, plural, refuse, say

if TYPE_CHECKING:
    from monitor.config.opml import Outline

_FORMATS = ("opml", "yaml")


def import_(
    context: typer.Context,
    file: Path = typer.Argument(metavar="FILE.opml", help="The list that another program exported."),
    to: Path | None = typer.Option(
        None, "--to", metavar="feeds.yaml", help="Add the feeds to this file, rather than print them."
    ),
    variables: bool = typer.Option(
        False,
        "--variables",
        help="Let ${NAME} in a URL stand for a variable of the environment: in a list of your own.",
    ),
) -> None:
    r"""Take the feeds of a subscription list (OPML) as entries of feeds.yaml.

    Folders become tags. Feeds that are listed already are left out. To go on
    using the list itself, name it in feeds.yaml: `opml: \[FILE.opml]`.

      newsmon feeds import subscriptions.opml
      newsmon feeds import subscriptions.opml --to feeds.yaml

    Exit code 1 where feeds are left out because of their URLs.
    """
    from monitor.commands.feeds.write import FILE, Wish, known_by, named
    from monitor.config.append import as_yaml

    listed = _read(file)
    outlines = [each for each in listed if _taken(file, each, variables=variables)]
    left_out = len(listed) - len(outlines)
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
            variables=variables,
        )
        for each in fresh
    ]
    made = named(wishes, feeds)
    known = len(outlines) - len(fresh)
    counts = (f", {known} of them listed already" if known else "") + (f", {left_out} left out" if left_out else "")
    say(f"{file}: {plural(len(listed), 'feed')}{counts}")
    code = FOUND_PROBLEMS if left_out else OK
    if configuration is None or to is None:
        print(as_yaml(made), end="")
        raise typer.Exit(code)
    raise typer.Exit(max(code, write_feeds(configuration, made) if made else OK))


def _taken(file: Path, outline: "Outline", *, variables: bool) -> bool:
    """Whether that feed can be imported; if not, why not is said. A list of somebody else must not name what this machine keeps secret."""
    from monitor.text.redact import HIDDEN, VARIABLE

    if HIDDEN in outline.url:
        say(f"{file}:{outline.line}: {HIDDEN} stands for a key that this list does not hold; add this feed by hand")
        return False
    if VARIABLE.search(outline.url) and not variables:
        say(
            f"{file}:{outline.line}: its URL names variables of this machine; --variables allows that, in a list of your own"
        )
        return False
    return True


def export(
    context: typer.Context,
    file: Path | None = typer.Argument(None, metavar="[FILE]", help="Where to write; left out: on the terminal."),
    form: str = typer.Option("opml", "--format", metavar="FORMAT", help="opml or yaml."),
    force: bool = typer.Option(False, "--force", help="Overwrite a file that is there."),
) -> None:
    """Write the feeds as a list that other programs read (OPML), or as YAML.

    OPML holds titles, URLs, tags, languages and, for newsmon itself, ids and
    publishers; no intervals. What came from variables of the environment stands
    there by name (`import --variables` takes it back), any other key in a URL
    as `***`.

      newsmon feeds export feeds.opml
      newsmon feeds export --format yaml
    """
    from monitor.config.append import as_yaml
    from monitor.config.opml import write_opml
    from monitor.text.redact import HIDDEN, shareable

    if form not in _FORMATS:
        refuse(f"there is no format {form}: expected opml or yaml", BAD_USAGE)
    configuration = configuration_of(context)
    title = f"Feeds of {configuration.settings.instance}"
    feeds = [shareable(feed) for feed in configuration.feeds]
    text = write_opml(feeds, title) if form == "opml" else f"feeds:\n{as_yaml(feeds)}"
    for feed, shared in zip(configuration.feeds, feeds, strict=True):
        if (shared.written or shared.url) != (feed.written or feed.url):
            say(f"{feed.id}: {HIDDEN} stands for a key in its URL; `${{NAME}}` in feeds.yaml lets a variable hold it")
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
            return read_opml(file, opened.read(OPML_BYTES_MAX + 1), variables=True)
    except OSError as error:
        refuse(f"{file}: {error.strerror}", BAD_USAGE)
    except ConfigError as error:
        refuse(str(error), BAD_USAGE)
