"""folder: the configuration folder of `--config` in; its Configuration, and its database to read from, out.

What stands in the way is told in full on stderr, and ends the command: 2 for the configuration, 1 for the database.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.terminal import BAD_USAGE, FOUND_PROBLEMS, refuse, say

if TYPE_CHECKING:
    from monitor.commands.reading import Read
    from monitor.model.settings import Configuration

DEFAULT = Path("config")


def folder_of(context: typer.Context) -> Path:
    """What stands before the verb: `newsmon --config DIR`."""
    found = context.find_object(Path)
    return DEFAULT if found is None else found


def configuration_of(context: typer.Context) -> "Configuration":
    return configuration_in(folder_of(context))


def configuration_in(folder: Path) -> "Configuration":
    from monitor.config import ConfigError, load

    try:
        return load(folder, os.environ)
    except ConfigError as error:
        say(str(error))
        raise typer.Exit(BAD_USAGE) from error


def configuration_or_shipped(context: typer.Context) -> tuple["Configuration", bool]:
    """The user's configuration; or the shipped one, and False, where nobody named a folder and the usual one is not there."""
    from monitor.config import load, shipped

    folder = folder_of(context)
    if context.obj is not None or folder.exists():
        return configuration_of(context), True
    say(f"There is no folder `{folder}` here, so these are the shipped topics (`newsmon init` makes the folder).")
    return load(shipped(), os.environ), False


@contextmanager
def reading(configuration: "Configuration") -> Iterator["Read"]:
    """The database, opened to be read beside a running daemon."""
    from monitor.commands.reading import reader
    from monitor.ports import StorageError

    try:
        with reader(configuration.settings.database) as read:
            yield read
    except StorageError as error:
        refuse(error.detail, FOUND_PROBLEMS)
