"""feeds: how the feeds fare, and what is done with them by hand; one room a group of verbs."""

import typer

from monitor.cli.feeds import add, check, control, lists, told
from monitor.cli.terminal import BAD_USAGE, refuse

app = typer.Typer()


@app.callback(invoke_without_command=True)
def feeds(
    context: typer.Context,
    failing: bool = told.FAILING,
    state: list[str] | None = told.STATE,
    as_json: bool = told.JSON,
) -> None:
    """List the feeds, as `newsmon feeds list` does; or do something with them.

    newsmon feeds
    newsmon feeds --failing
    newsmon feeds show bbc-world
    newsmon feeds --json | jq 'select(.state != "ok")'
    """
    if context.invoked_subcommand is None:
        told.list_(context, failing, state, as_json)
    elif failing or state or as_json:
        refuse(f"options stand after the verb: newsmon feeds {context.invoked_subcommand} --json", BAD_USAGE)


app.command("list")(told.list_)
app.command("show")(told.show)
app.command("check")(check.check)
app.command("add")(add.add)
app.command("import")(lists.import_)
app.command("export")(lists.export)
app.command("pause")(control.pause)
app.command("resume")(control.resume)
