"""complaint: what is wrong with a query, where, and what to write instead."""

from collections.abc import Iterable
from difflib import get_close_matches

_LINE_CHARS_MAX = 100  # of the query, shown around the place
_NAMES_MAX = 12  # listed in a hint


class QueryError(ValueError):
    """A query that cannot be understood or would be of no use. `line` and `column` count from 1; `hint` may be empty.

    `str()` shows the place:

        line 1, column 17: “)” closes no bracket
          peace AND talks)
                         ^
        remove it, or open a bracket before
    """

    def __init__(self, message: str, *, text: str, offset: int, hint: str = "") -> None:
        before = text[:offset]
        self.message = message
        self.hint = hint
        self.line = before.count("\n") + 1
        self.column = offset - before.rfind("\n")
        self.excerpt = _excerpt(text, offset)
        super().__init__(message)

    def __str__(self) -> str:
        shown = f"line {self.line}, column {self.column}: {self.message}\n{self.excerpt}"
        return f"{shown}\n{self.hint}" if self.hint else shown


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that a typo may have meant, as the beginning of a hint, or nothing."""
    found = get_close_matches(word, list(known), n=1)
    return f"did you mean {found[0]}? " if found else ""


def known_words(word: str, known: Iterable[str], kind: str) -> str:
    """A hint: the known word that a typo may have meant, else the first of them all."""
    names = sorted(known)
    if not names:
        return f"no {kind} is configured"
    more = f" and {len(names) - _NAMES_MAX} more" if len(names) > _NAMES_MAX else ""
    return nearest(word, names).rstrip() or f"there are {', '.join(names[:_NAMES_MAX])}{more}"


def _excerpt(text: str, offset: int) -> str:
    """The line of the place with a caret under it; of a long line the part around it."""
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    line = text[start : end if end >= 0 else len(text)]
    column = offset - start
    first = max(0, min(column - _LINE_CHARS_MAX // 2, len(line) - _LINE_CHARS_MAX))
    shown = line[first : first + _LINE_CHARS_MAX]
    lead = "…" if first else ""
    tail = "…" if first + _LINE_CHARS_MAX < len(line) else ""
    pointed = f"  {lead}{shown}{tail}".rstrip()
    return f"{pointed}\n  {' ' * (len(lead) + column - first)}^"
