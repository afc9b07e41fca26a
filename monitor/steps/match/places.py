"""places: a term of a query in, the places of text that it stands for out: each spelling as a row of them, one for a word, more for a phrase."""

import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from monitor.model.topic import Entity
from monitor.steps.match.lexicon import Place
from monitor.steps.match.tree import EntityName, Exact, Phrase, Prefix, Term, Word
from monitor.text.tokens import is_unspaced, tokenize

Row: TypeAlias = tuple[Place, ...]

_PLURAL_CHARS_MIN = 3
_HISSING = re.compile(r"(?:s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"[^aeiou]y$")


def rows_of(term: Term, entities: Mapping[str, Entity]) -> list[Row]:
    """The spellings of a term. A word of several parts has two: apart, and written as one word."""
    match term:
        case Word() | Phrase():
            return _rows(term.text)
        case Prefix():
            return _rows(f"{term.text}*")
        case Exact():
            return [_exact_row(term.text)]
        case EntityName():
            return [row for spelling in spellings_of(term.name, entities) for row in _spelled(spelling)]


def spellings_of(name: str, entities: Mapping[str, Entity]) -> tuple[str, ...]:
    """The spellings of an entity, those of the entities in it included."""
    found: dict[str, None] = {}
    entered = {name}  # what several entities hold is read once, or a few of them within one another would take years
    waiting = [iter(entities[name].spellings)]
    while waiting:
        for spelling in waiting[-1]:
            nested = spelling.removeprefix("@")
            if nested == spelling:
                found[spelling] = None
            elif nested not in entered:
                entered.add(nested)
                waiting.append(iter(entities[nested].spellings))
                break
        else:
            waiting.pop()
    return tuple(found)


def _spelled(spelling: str) -> Iterable[Row]:
    return [_exact_row(spelling[1:])] if spelling.startswith("=") else _rows(spelling)


def _exact_row(text: str) -> Row:
    return tuple(Place(exact=frozenset({word.exact})) for word in tokenize(text).words)


def _rows(text: str) -> list[Row]:
    apart: list[Place] = []
    joined: list[Place] = []
    for piece in text.split():
        words = [word for word in tokenize(piece.removesuffix("*")).words if word.key]
        if not words:
            continue  # a dash between words
        starred = piece.endswith("*") and not is_unspaced(words[-1].exact)
        keys = [word.key for word in words]
        apart += _places(keys, starred=starred)
        compound = len(keys) > 1 and not any(is_unspaced(word.exact) for word in words)
        joined += _places(["".join(keys)] if compound else keys, starred=starred)
    return [tuple(apart)] if len(joined) == len(apart) else [tuple(apart), tuple(joined)]


def _places(keys: list[str], *, starred: bool) -> list[Place]:
    *others, last = keys
    return [*map(_word, others), Place(prefixes=frozenset({last})) if starred else _word(last)]


def _word(key: str) -> Place:
    """A word finds itself and its English plural; the possessive is folded away in the text already."""
    return Place(words=frozenset({key, *_plurals(key)}))


def _plurals(key: str) -> tuple[str, ...]:
    if len(key) < _PLURAL_CHARS_MIN or not (key.isascii() and key.isalpha()):
        return ()
    if _CONSONANT_Y.search(key):
        return (f"{key[:-1]}ies", f"{key}s")  # Kennedy's family are the Kennedys
    if key.endswith("man"):
        return (f"{key[:-3]}men", f"{key}s")
    if key.endswith("o"):
        return (f"{key}s", f"{key}es")
    return (f"{key}es",) if _HISSING.search(key) else (f"{key}s",)
