"""main: the command `newsmon`: its verbs, each with a help that a person can learn from.

Exit codes: 0 well; 1 it found problems, or not what was asked for; 2 the configuration or the command is wrong.
"""

import io
import sys
from pathlib import Path
from typing import Annotated

import typer

import monitor
from monitor.cli import backtest, daemon, deliveries, evaluate, explain, feeds, listings, setup, try_

app = typer.Typer(
    name="newsmon",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with the values of variables could show a secret
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"newsmon {monitor.__version__}")
        raise typer.Exit


@app.callback()
def newsmon(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="DIR",
            envvar="NEWSMON_CONFIG",
            help="The configuration folder. It stands before the verb.",
            show_default="./config",
        ),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Watches news feeds for the topics you track, and tells you once, quickly and with evidence.

    Begin with a look, then with your own configuration:

      newsmon demo                              a news day on your terminal, offline
      newsmon try https://example.org/rss.xml   what of this feed would alert, and why
      newsmon init && newsmon run               watch real feeds with the shipped topics
    """
    del version
    context.obj = config


BEGIN, RUN, LOOK, TOPICS, TELL = "Begin", "Run", "Look", "Topics", "Deliver"

app.command("init", rich_help_panel=BEGIN)(setup.init)
app.command("demo", rich_help_panel=BEGIN)(setup.demo)
app.command("try", rich_help_panel=BEGIN)(try_.try_)
app.command("check", rich_help_panel=RUN)(daemon.check)
app.command("run", rich_help_panel=RUN)(daemon.run)
app.command("healthcheck", rich_help_panel=RUN)(daemon.healthcheck)
app.command("topics", rich_help_panel=LOOK)(listings.topics)
app.add_typer(feeds.app, name="feeds", rich_help_panel=LOOK)
app.command("alerts", rich_help_panel=LOOK)(listings.alerts)
app.command("explain", rich_help_panel=LOOK)(explain.explain)
app.command("backtest", rich_help_panel=TOPICS)(backtest.backtest)
app.command("evaluate", rich_help_panel=TOPICS)(evaluate.evaluate)
app.add_typer(deliveries.app, name="deliveries", rich_help_panel=TELL)
app.command("test-receiver", rich_help_panel=TELL)(deliveries.test_receiver)


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show a character gets its number
            stream.reconfigure(errors="backslashreplace")
    app(prog_name="newsmon")
