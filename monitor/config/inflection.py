"""inflection: the spellings of an entity in; those that are found in one form only, though their language has many, and what to write, out.

Ukrainian, Russian and Polish decline names: a query for `Москва` does not find «в Москві». Nobody can tell a nominative without
a dictionary, so a spelling is in doubt where it has no star, and no other spelling of the entity looks like another form of it.
"""

import re
from collections.abc import Iterator, Sequence

LETTERS_MIN = 4  # of a word that is in doubt: short ones are mostly particles and abbreviations
STEM_LETTERS = 3  # that two forms of a word have in common; fewer where the word is as short as Київ, Києва
_PREFIX_LETTERS_MIN = 3  # before a star

_CYRILLIC = re.compile("[\u0400-\u052f]")
_POLISH = re.compile("[ąćęłńśźż]|ów$")  # ó alone is Spanish as well: adhesión
_INDECLINABLE = re.compile("[оеиіую]$")  # кіно, Чилі
_ENDING = re.compile("(?:ий|ій|ый|ой|[аяьйaiy])$")
_CHANGING = {"ів": "ов", "їв": "єв", "ów": "ow"}  # Львів, Львова; Київ, Києва; Kraków, Krakowa


def one_form_only(spellings: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The places of spellings that are in doubt, each with what would find the other forms: "`Київ*` and `Києв*`"."""
    for index, spelling in enumerate(spellings):
        words = spelling.split()
        if spelling.startswith("=") or any(word.endswith("*") for word in words) or not any(map(_declined, words)):
            continue
        others = [other for at, other in enumerate(spellings) if at != index]
        if not any(_other_form(spelling, other) for other in others):
            yield index, _suggested(words)


def _declined(word: str) -> bool:
    """Whether the word is of a language that declines it, and would be written otherwise in another case."""
    folded = word.casefold()
    if sum(map(str.isalpha, word)) < LETTERS_MIN or word.isupper():
        return False
    if _CYRILLIC.search(folded):
        return _INDECLINABLE.search(folded) is None
    return _POLISH.search(folded) is not None


def _other_form(spelling: str, other: str) -> bool:
    """Whether the other spelling looks like another form of this one: it begins alike, and has as many words."""
    words, others = spelling.casefold().split(), other.casefold().removeprefix("=").split()
    return len(words) == len(others) and all(
        word[:count] == each[:count]
        for word, each in zip(words, others, strict=True)
        for count in [min(STEM_LETTERS, max(1, len(word) - 2))]
    )


def _suggested(words: Sequence[str]) -> str:
    if len(words) > 1:
        return "`" + " ".join(_starred(word) if _declined(word) else word for word in words) + "`"
    (word,) = words
    changed = _CHANGING.get(word[-2:])
    return f"`{_starred(word)}`" + (f" and `{word[:-2]}{changed}*`" if changed else "")


def _starred(word: str) -> str:
    stem = _ENDING.sub("", word)
    return f"{stem if len(stem) >= _PREFIX_LETTERS_MIN else word}*"
