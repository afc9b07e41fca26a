"""control: feeds paused and resumed by hand, beside a running daemon."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.feeds.named import named
from monitor.cli.folder import configuration_of
from monitor.cli.terminal import FOUND_PROBLEMS, OK, refuse
from monitor.cli.times import now

if TYPE_CHECKING:
    from monitor.commands.feeds.control import Controlled
    from monitor.model.ids import FeedId

_IDS = typer.Argument(metavar="ID...")


def pause(context: typer.Context, feed_ids: list[str] = _IDS) -> None:
    """Leave feeds alone until they are resumed.

    Works beside a running daemon. What is known of the feeds stays.

      newsmon feeds pause bbc-world
    """
    from monitor.commands.feeds.control import pause as do

    _do(context, feed_ids, do, "is paused: `newsmon feeds resume {}` ends that", "was paused already")


def resume(context: typer.Context, feed_ids: list[str] = _IDS) -> None:
    """Poll feeds at once that are paused, gone or failing; nothing is held against them any more.

    newsmon feeds resume bbc-world
    """
    from monitor.commands.feeds.control import resume as do

    _do(context, feed_ids, do, "is due now: a running daemon polls it at once", "")


def _do(
    context: typer.Context,
    ids: list[str],
    do: "Callable[[Path, Iterable[FeedId], datetime], Mapping[FeedId, Controlled]]",
    done: str,
    already: str,
) -> None:
    from monitor.commands.feeds.control import Controlled
    from monitor.ports import StorageError

    configuration = configuration_of(context)
    wanted = [feed.id for feed in named(configuration, ids)]
    try:
        became = do(configuration.settings.database, wanted, now())
    except StorageError as error:
        refuse(error.detail)
    words = {
        Controlled.DONE: done,
        Controlled.ALREADY: already,
        Controlled.UNSEEN: "has not been seen by the daemon yet: it is polled as soon as `newsmon run` starts anew",
    }
    for id_, result in became.items():
        print(f"{id_} {words[result].format(id_)}")
    raise typer.Exit(FOUND_PROBLEMS if Controlled.UNSEEN in became.values() else OK)
