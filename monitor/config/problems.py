"""problems: what is wrong in the configuration, where, and what would be right."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

KeyPath = tuple[str | int, ...]
"""The keys and list positions that lead to a value: `("feeds", 3, "url")`."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One mistake or doubt. `line` counts from 1; 0 is the file as a whole. No message quotes a value that may be a secret."""

    file: Path
    line: int = 0
    key: str = ""
    message: str

    def __str__(self) -> str:
        place = [str(self.file)]
        if self.line:
            place.append(str(self.line))
        if self.key:
            place.append(self.key)
        return f"{':'.join(place)}: {self.message}"


class ConfigError(Exception):
    """The configuration is refused. Holds every problem that was found, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def spell_key(path: KeyPath) -> str:
    """The path as a person writes it: `feeds[3].url`."""
    spelled = ""
    for step in path:
        if isinstance(step, int):
            spelled += f"[{step}]"
        else:
            spelled += f".{step}" if spelled else step
    return spelled


def nearest(word: str, known: Iterable[str]) -> str:
    """The words to add to a refusal: the nearest known word, or all of them while they are few."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f"; did you mean `{close[0]}`?"
    if words and len(words) <= WORDS_LISTED_MAX:
        return f"; known: {', '.join(f'`{each}`' for each in words)}"
    return ""


WORDS_LISTED_MAX = 12
