"""daemon: the words around the running service: check, run, healthcheck."""

import asyncio

import typer

from monitor.cli.folder import configuration_of
from monitor.cli.terminal import FOUND_PROBLEMS, OK, plural, print_json, refuse, say, styled, write


def run(context: typer.Context) -> None:
    """Watch the feeds and deliver alerts until a signal ends it.

    SIGTERM or Ctrl-C lets what is under way end; a second one ends at once.

      newsmon run
      newsmon --config /etc/newsmon run
    """
    from monitor import app

    configuration = configuration_of(context)
    raise typer.Exit(asyncio.run(app.run(configuration)))


def check(
    context: typer.Context,
    offline: bool = typer.Option(False, "--offline", help="Resolve no names."),
    as_json: bool = typer.Option(False, "--json", help="One JSON object per finding, one a line."),
) -> None:
    """Read the whole configuration and say what will not work.

    Every host is resolved, and addresses that are not public are told with what
    to add. Exit code 2 for a configuration that cannot be read, 1 for problems.

      newsmon check --offline
    """
    from monitor.commands.check import Weight, resolve
    from monitor.commands.check import check as examine

    configuration = configuration_of(context)
    findings = examine(configuration, lookup=None if offline else resolve)
    for finding in findings:
        if as_json:
            print_json({"weight": finding.weight.value, "text": finding.text})
        else:
            style = "red" if finding.weight is Weight.PROBLEM else "yellow"
            write(styled(f"{finding.weight}: ", style) + styled(finding.text))
    problems = sum(finding.weight is Weight.PROBLEM for finding in findings)
    counts = (
        plural(len(configuration.feeds), "feed"),
        plural(len(configuration.topics), "topic"),
        plural(len(configuration.receivers), "receiver"),
        plural(len(configuration.routes), "route"),
        plural(problems, "problem"),
        plural(len(findings) - problems, "warning"),
    )
    say(f"{configuration.folder}: {', '.join(counts)}")
    raise typer.Exit(FOUND_PROBLEMS if problems else OK)


def healthcheck(context: typer.Context) -> None:
    """Ask the running daemon whether it can do its work. Exit code 0 if so, 1 if not.

    newsmon healthcheck
    """
    from monitor.commands.healthcheck import ask

    listen = configuration_of(context).settings.listen
    if listen is None:
        refuse("there is nobody to ask: web.listen is off in settings.yaml")
    answer = ask(listen)
    print(answer.words)
    raise typer.Exit(OK if answer.well else FOUND_PROBLEMS)
