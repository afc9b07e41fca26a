"""clauses: what became of a query, clause by clause, in; lines that a person can read, or plain values for JSON, out.

A clause a line, indented under what it is a part of. What does not matter is folded: alternatives that are not there while another
one holds, and all but the nearest where none does. Or one line: what made it hold, or what was missing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.cli.excerpt import around
from monitor.cli.terminal import listing, plural, stdout, styled

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from monitor.model.item import Item
    from monitor.model.topic import Span
    from monitor.steps.match import Explanation

CLAUSE_CHARS_MAX = 64  # of one clause; entities make the shipped ones short, lists of words do not
AROUND_CHARS = 24  # shown on either side of the words of one clause
EXCERPTS_MAX = 2  # of one clause
NAMED_MAX = 3  # clauses named in one line
WORDS_MAX = 4  # that exclude, named in one line


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How lines are shown: with colours; with signs, or words where the terminal has no such signs."""

    coloured: bool
    signs: bool

    def mark(self, *, holds: bool) -> "Text":
        signs = ("✓", "✗") if self.signs else ("yes", "no ")
        return styled(signs[not holds], "bold green" if holds else "red")


def look() -> Look:
    """The one that stdout can show."""
    console = stdout()
    return Look(coloured=console.is_terminal, signs=console.encoding.lower().startswith("utf"))


def tree(
    told: "Explanation", item: "Item", look: Look, indent: int = 0, near: "Sequence[Span] | None" = None
) -> "Iterator[Table]":
    """The clauses that matter: those that made it hold, with their words in context; or the nearest that did not, and why.

    Within a NEAR that holds only the words count that stand `near` each other, wherever else the same ones may stand.
    """
    from monitor.steps.match import Kind

    if told.kind is Kind.ANY and not _of_words(told):
        yield from _alternatives(told, item, look, indent, near)
        return
    line = styled("").append_text(styled(_clause(told), "" if told.holds else "dim"))
    if reason := _reason(told):
        line.append_text(styled(f"  {reason}", "red"))
    words = [span for span in told.spans if near is None or any(_share(span, other) for other in near)]
    if not _has_parts(told):
        line.append_text(_in_context(item, words, look))
    yield hanging(line, look.mark(holds=told.holds), indent)
    if _has_parts(told):
        inner = words if told.kind in {Kind.NEAR, Kind.BEFORE} and told.holds else near
        for part in told.children:
            yield from tree(part, item, look, indent + 2, inner)


def _alternatives(
    told: "Explanation", item: "Item", look: Look, indent: int, near: "Sequence[Span] | None"
) -> "Iterator[Table]":
    """Alternatives stand in the place of the clause that names them: those that hold, else the nearest."""
    from monitor.steps.match import missing

    if told.holds:
        holding = [each for each in told.children if each.holds]
        left = len(told.children) - len(holding)
        fold = f"… and {plural(left, 'alternative')} that {'is' if left == 1 else 'are'} not there"
    else:
        (sorted_,) = missing(told)
        holding = list(sorted_.children[:1])
        left = len(told.children) - 1
        fold = f"… and {plural(left, 'alternative')} that {'is' if left == 1 else 'are'} no nearer"
    for part in holding:
        yield from tree(part, item, look, indent, near)
    if left:
        yield hanging(styled(fold, "dim"), styled(" "), indent)


def _in_context(item: "Item", words: "Sequence[Span]", look: Look) -> "Text":
    """Words with what stands around them, behind the clause that they made hold."""
    shown = around(item, words, AROUND_CHARS, coloured=look.coloured)
    line = styled("")
    for excerpt in shown[:EXCERPTS_MAX]:
        line.append_text(styled("  ← ", "dim")).append_text(excerpt)
    if len(shown) > EXCERPTS_MAX:
        line.append_text(styled(f"  and {len(shown) - EXCERPTS_MAX} more", "dim"))
    return line


def because(told: "Explanation", item: "Item", look: Look) -> "Text":
    """In one line, what made a query hold, of alternatives the first, with its words in context: "A and B  ← …the *words*…".

    What must not stand there decides only where nothing else does.
    """
    deciding = list(_deciding(told)) or [told]
    words = [span for each in deciding for span in each.spans]
    return styled(f"because {_listed([_clause(each) for each in deciding])}").append_text(
        _in_context(item, words, look)
    )


def _deciding(told: "Explanation") -> "Iterator[Explanation]":
    """The smallest clauses that together made it hold."""
    from monitor.steps.match import Kind

    if told.kind is Kind.ALL:
        for part in told.children:
            yield from _deciding(part)
    elif told.kind is Kind.ANY and not _of_words(told):
        yield from _deciding(next(part for part in told.children if part.holds))
    elif told.kind is not Kind.NOT:
        yield told


def lacking(told: "Explanation") -> str:
    """In one line, what a query that does not hold still needed, of alternatives the nearest: "missing A and B; excluded by “C”"."""
    from monitor.steps.match import Why, missing

    needed = list(_nearest(missing(told)))
    excluded = [f"{_reason(each)} ({_clause(each)})" for each in needed if each.why is Why.EXCLUDED]
    absent = [_named(each) for each in needed if each.why is not Why.EXCLUDED]
    return "; ".join(filter(None, (f"missing {_listed(absent)}" if absent else "", *excluded)))


def _listed(clauses: Sequence[str]) -> str:
    more = [plural(len(clauses) - NAMED_MAX, "more clause")] if len(clauses) > NAMED_MAX else []
    return listing([*clauses[:NAMED_MAX], *more])


def _nearest(needed: "Sequence[Explanation]") -> "Iterator[Explanation]":
    """With each choice between clauses replaced by what its nearest one needed."""
    from monitor.steps.match import Kind, missing

    for each in needed:
        if each.kind is Kind.ANY and not _of_words(each):
            yield from _nearest(missing(each.children[0]))
        else:
            yield each


def plain(told: "Explanation") -> dict[str, object]:
    """The whole tree, for JSON."""
    return {
        "clause": told.clause,
        "kind": told.kind.value,
        "holds": told.holds,
        "why": told.why.value,
        "spans": [
            {"field": span.field, "start": span.start, "end": span.end, "text": span.text} for span in told.spans
        ],
        "children": [plain(each) for each in told.children],
    }


def hanging(line: "Text", mark: "Text", indent: int) -> "Table":
    """A line behind its mark; where it wraps, it goes on below itself."""
    from rich.table import Table

    grid = Table.grid()
    grid.add_column(no_wrap=True, width=indent + len(mark) + 1)
    grid.add_column(overflow="fold")
    grid.add_row(styled(" " * indent).append_text(mark), line)
    return grid


def cut(text: str, limit: int) -> str:
    """At most that many characters, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def _of_words(told: "Explanation") -> bool:
    """Alternatives that are words only read best on one line: `(@ukraine OR @zelensky)`."""
    from monitor.steps.match import Kind

    return told.kind is Kind.WORDS or (told.kind is Kind.ANY and all(map(_of_words, told.children)))


def _has_parts(told: "Explanation") -> bool:
    """Whether its parts are worth lines of their own. Of NOT its one part is what its own line says."""
    from monitor.steps.match import Kind

    return told.kind in {Kind.ALL, Kind.NEAR, Kind.BEFORE, Kind.SOME} or (told.kind is Kind.ANY and not _of_words(told))


def _reason(told: "Explanation") -> str:
    """Why a clause does not hold, where its parts do not tell."""
    from monitor.steps.match import Why

    fixed = {
        Why.TOO_FAR: "both are there, but too far apart",
        Why.NOT_IN_ORDER: "all are there, but in another order or too far apart",
        Why.ELSEWHERE: "it comes from elsewhere",
    }
    words = list(dict.fromkeys(f"“{span.text}”" for span in told.spans))
    match told.why:
        case Why.OTHER_FIELD:
            fields = listing(list(dict.fromkeys(span.field for span in told.spans)))
            both = "both" if len(told.children) == 2 else "all"  # noqa: PLR2004  a BEFORE may have more parts
            reason = f"{both} are there, but apart: in {fields}"
        case Why.EXCLUDED:
            more = [f"{len(words) - WORDS_MAX} more"] if len(words) > WORDS_MAX else []
            reason = f"excluded by {listing([*words[:WORDS_MAX], *more])}" if words else "excluded"
        case _:
            reason = fixed.get(told.why, "")
    return reason


def _named(told: "Explanation") -> str:
    from monitor.steps.match import Kind

    clause = _clause(told)
    if told.kind in {Kind.ANY, Kind.ALL}:
        clause = f"({clause})"
    return f"{clause} ({reason})" if (reason := _reason(told)) else clause


def _clause(told: "Explanation") -> str:
    """The clause on one line; of many alternatives the first."""
    from monitor.steps.match import Kind

    if told.kind is not Kind.ANY or len(told.clause) <= CLAUSE_CHARS_MAX or not _of_words(told):
        return cut(told.clause, CLAUSE_CHARS_MAX)
    words = [each.clause for each in told.children]
    fitting = [count for count in range(1, len(words)) if len(" OR ".join(words[:count])) <= CLAUSE_CHARS_MAX]
    count = max(fitting, default=1)
    first = cut(" OR ".join(words[:count]), CLAUSE_CHARS_MAX)
    return f"{first} OR {len(words) - count} more" if count < len(words) else first


def _share(one: "Span", other: "Span") -> bool:
    return one.field == other.field and one.start < other.end and other.start < one.end
