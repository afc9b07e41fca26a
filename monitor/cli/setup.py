"""setup: the first words a newcomer types: init and demo."""

import typer

from monitor.cli.folder import folder_of
from monitor.cli.terminal import BAD_USAGE, refuse, say


def init(
    context: typer.Context,
    force: bool = typer.Option(False, "--force", help="Overwrite files that are there."),
) -> None:
    """Write a commented configuration with a generated webhook secret.

    It works unedited: real feeds, the shipped topics, alerts in the log.

      newsmon init && newsmon run
      newsmon --config /etc/newsmon init
    """
    from monitor.commands.init import AlreadyThereError
    from monitor.commands.init import init as write

    folder = folder_of(context)
    try:
        written = write(folder, force=force)
    except AlreadyThereError as error:
        refuse(f"{error}; --force overwrites", BAD_USAGE)
    except OSError as error:
        refuse(str(error), BAD_USAGE)
    for path in written:
        print(path)
    say(f"\nNow: newsmon --config {folder} check, then newsmon --config {folder} run")


def demo(
    keep: bool = typer.Option(False, "--keep", help="Keep the folder with configuration, database and log."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object per event, one a line."),
) -> None:
    """Play one news day, offline and in under a minute.

    Local feeds that change over time, the real daemon, and a receiver that
    verifies every signature. Exit code 0 only if exactly the expected alerts
    arrived.
    """
    from monitor.commands.demo import run_demo

    raise typer.Exit(run_demo(keep=keep, as_json=as_json))
