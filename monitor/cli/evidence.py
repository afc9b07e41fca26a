"""evidence: an item with what matched in it, or with what was missing, in; the few lines that show it to a person out."""

from datetime import datetime
from typing import TYPE_CHECKING

from monitor.cli.clauses import lacking
from monitor.cli.excerpt import excerpts_of, title_of
from monitor.cli.terminal import clock_time, styled

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from monitor.model.item import Item, Origin
    from monitor.model.topic import Match
    from monitor.steps.match import Explanation

CLAUSE_CHARS_MAX = 160


def evidence(
    item: "Item",
    match: "Match | None",
    *,
    mark: "Text",
    origin: "Origin",
    at: datetime | None,
    lacks: "Explanation | None" = None,
    place: str = "",
    because: bool = True,
    console: "Console",
) -> "RenderableType":
    """`mark` stands before the title; `because`: the clause that decided is told; `lacks`: what was missing."""
    from rich.table import Table

    from monitor.text.urls import registrable_domain

    coloured = (
        console.is_terminal and not console.no_color
    )  # without colours nothing but asterisks shows a word in a title
    matches = () if match is None else (match,)
    publisher = origin.publisher or registrable_domain(item.link) or origin.feed
    lines = [
        title_of(item, matches, coloured=coloured),
        styled(" · ".join(filter(None, (publisher, clock_time(at), place))), "dim"),
        *excerpts_of(item, matches, coloured=coloured),
    ]
    if match is not None and because:
        lines.append(styled(f"because {_cut(match.clause)}"))
    if lacks is not None:
        lines.append(styled(lacking(lacks)))
    marks = [mark, *[styled(" " * len(mark))] * (len(lines) - 1)]
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for row in zip(marks, lines, strict=True):
        grid.add_row(*row)
    return grid


def rest(shown: int, total: int) -> "list[Text]":
    """What a list says where it was cut."""
    return [styled(f"… and {total - shown:,} more (--limit {total} shows all)", "dim")] if total > shown else []


def _cut(clause: str) -> str:
    from monitor.steps.alert import cut

    return cut(clause, CLAUSE_CHARS_MAX)
