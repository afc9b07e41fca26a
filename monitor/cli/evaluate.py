"""evaluate: how well the topics find what a person labelled: figures for each, and every mistake with its reason."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.evidence import evidence, rest
from monitor.cli.folder import configuration_or_shipped
from monitor.cli.terminal import BAD_USAGE, listing, plural, print_json, refuse, say, stdout, styled, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.commands.evaluate import Labelled, Measured, Mistake
    from monitor.commands.texts import BadLine
    from monitor.model.ids import TopicId
    from monitor.model.settings import Configuration

BAD_LINES_SHOWN_MAX = 20


def evaluate(
    context: typer.Context,
    labels: Annotated[Path, typer.Argument(metavar="LABELS.jsonl", help="Labelled texts, a JSON object a line.")],
    topic: Annotated[
        list[str] | None, typer.Option("--topic", metavar="ID", help="Only that topic; may be given several times.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, max=100_000, help="How many mistakes of each kind are shown a topic.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object with the figures of every topic.")] = False,
) -> None:
    r"""Measure the topics on texts that somebody labelled: precision, recall, F1, and each mistake explained.

    A line of the file is an object such as

      {"title": "…", "summary": "…", "topics": \["peace-talks"]}

    with `topics` \[] where none is right. The topics measured are those of the
    configuration folder; where there is none, the shipped ones.

      newsmon evaluate labels.jsonl --topic peace-talks
      newsmon evaluate labels.jsonl --json | jq '.\["peace-talks"].recall'
    """
    from monitor.commands.evaluate import evaluate as measure
    from monitor.steps.match import compile_topics

    configuration, _ = configuration_or_shipped(context)
    wanted = _wanted(topic or (), configuration)
    labelled = _labelled(labels, configuration)
    measured = measure(labelled, compile_topics(configuration.topics, configuration.entities), wanted)
    if as_json:
        print_json({each.topic: _figures(each) for each in measured})
    else:
        _Page(labels, len(labelled), limit).show(measured)


def _wanted(named: "Sequence[str]", configuration: "Configuration") -> "list[TopicId]":
    """The named topics, or all; a name that none has ends the command."""
    from monitor.config.problems import nearest
    from monitor.model.ids import TopicId

    known = [topic.id for topic in configuration.topics]
    for name in named:
        if name not in known:
            refuse(f"there is no topic `{name}`{nearest(name, known)}", BAD_USAGE)
    return list(dict.fromkeys(map(TopicId, named))) or known


def _labelled(path: Path, configuration: "Configuration") -> "Sequence[Labelled]":
    """The texts of the file. One line that cannot be read ends the command: figures without it would not be true."""
    from monitor.commands.evaluate import read_labels, strangers
    from monitor.config.problems import nearest

    feeds = {name: feed for feed in configuration.feeds for name in (feed.id, feed.url)}
    try:
        labelled, bad = read_labels(path, feeds)
    except OSError as error:
        refuse(f"{path}: {error.strerror or error}", BAD_USAGE)
    if bad:
        _refuse_lines(path, bad)
    if not labelled:
        refuse(f"{path}: no labelled texts, expected one JSON object a line with `title` and `topics`", BAD_USAGE)
    known = [topic.id for topic in configuration.topics]
    for label, count in strangers(labelled, known).items():
        say(
            f"{path}: {plural(count, 'text')} labelled `{label}`, which is no topic here{nearest(label, known)}; that label is left out"
        )
    return labelled


def _refuse_lines(path: Path, bad: "Sequence[BadLine]") -> None:
    for each in bad[:BAD_LINES_SHOWN_MAX]:
        say(f"{path}:{each.line}: {each.problem}")
    refuse(f"{path}: {plural(len(bad), 'line')} cannot be read, so nothing is measured", BAD_USAGE)


def _figures(measured: "Measured") -> dict[str, float | int | None]:
    return {
        "precision": measured.precision,
        "recall": measured.recall,
        "f1": measured.f1,
        "tp": measured.hits,
        "fp": len(measured.false),
        "fn": len(measured.missed),
    }


class _Page:
    """For a person: the mistakes of each topic, and the figures last, where the eye is."""

    def __init__(self, labels: Path, texts: int, limit: int) -> None:
        self._labels, self._texts, self._limit = labels, texts, limit
        self._console = stdout()

    def show(self, measured: "Sequence[Measured]") -> None:
        for each in measured:
            self._mistakes(each.topic, "false positive", each.false)
            self._mistakes(each.topic, "miss", each.missed)
        self._table(measured)
        unlabelled = [each.topic for each in measured if each.recall is None]
        if unlabelled:
            told = f"–  nothing is measured: no text is labelled {listing(unlabelled, 'or')}."
            self._console.print(styled(told, "dim"))
        silent = [each.topic for each in measured if each.precision is None and each.recall is not None]
        if silent:
            self._console.print(styled(f"–  no precision: nothing matched {listing(silent, 'or')}.", "dim"))

    def _table(self, measured: "Sequence[Measured]") -> None:
        figures = ("precision", "recall", "F1", "right", "wrong", "missed")
        shown = table("topic", *figures, right=figures)
        for each in measured:
            numbers = (_figure(each.precision), _figure(each.recall), _figure(each.f1))
            counts = (str(each.hits), str(len(each.false)), str(len(each.missed)))
            shown.add_row(styled(each.topic, "bold"), *numbers, *counts)
        self._console.print(styled(f"{plural(self._texts, 'text')} of {self._labels}", "bold"))
        self._console.print(shown)

    def _mistakes(self, topic: str, kind: str, mistakes: "Sequence[Mistake]") -> None:
        if not mistakes:
            return
        counted = plural(len(mistakes), kind, "misses" if kind == "miss" else "")
        self._console.print(styled(f"{topic}: {counted}", "bold"))
        shown = mistakes[: self._limit]
        for mistake in shown:
            text = mistake.text
            lines = evidence(
                text.item,
                mistake.match,
                mark=styled("+", "bold yellow") if mistake.match else styled("-", "bold red"),
                origin=text.origin,
                at=text.item.published,
                place=f"line {text.line}",
                lacks=mistake.lacking,
                console=self._console,
            )
            self._console.print(lines)
        for line in rest(len(shown), len(mistakes)):
            self._console.print(line)
        self._console.print()


def _figure(share: float | None) -> str:
    return "–" if share is None else f"{share:.3f}"
