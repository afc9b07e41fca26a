"""setup: the first words a newcomer types: init and demo."""

import typer

from monitor.cli.folder import folder_of
from monitor.cli.terminal import BAD_USAGE, refuse, say


def init(
    context: typer.Context,
    force: bool = typer.Option(False, "--force", help="Overwrite files that are there."),
    contact: str = typer.Option(
        "", "--contact", metavar="URL-OR-MAIL", help="A page or mail address of yours; publishers are told of it."
    ),
) -> None:
    """Write a commented configuration with a generated webhook secret.

    It works unedited: real feeds, the shipped topics, alerts in the log. Polite
    pollers say whom a publisher may turn to: --contact writes that down.

      newsmon init && newsmon run
      newsmon init --contact news-desk@example.org
      newsmon --config /etc/newsmon init
    """
    from monitor.commands.init import AlreadyThereError
    from monitor.commands.init import init as write
    from monitor.config.names import check_contact

    folder = folder_of(context)
    try:
        contact = check_contact(contact)
    except ValueError as error:
        refuse(f"--contact: {error}", BAD_USAGE)
    try:
        written = write(folder, force=force, contact=contact)
    except AlreadyThereError as error:
        refuse(f"{error}; --force overwrites", BAD_USAGE)
    except OSError as error:
        refuse(str(error), BAD_USAGE)
    for path in written:
        print(path)
    say("")
    if not contact:
        say(
            f"Polite pollers say who they are: write `contact:` with a page or mail address of yours in {folder / 'settings.yaml'}"
        )
    say(f"Now: newsmon --config {folder} check, then newsmon --config {folder} run")


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
