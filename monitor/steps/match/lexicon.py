"""lexicon: what queries ask for, numbered as atoms, and which of them stand in a text.

A text is taken apart into runs: what no word reaches beyond. In ASCII a run is a word, or several that hyphens, apostrophes or dots join, and
most runs are words that no query asks for, which one look at a set tells. In other scripts a run is what stands between two blanks; what
was read in it is remembered, because the news says the same words over and over.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import filterfalse

from monitor.steps.match.page import Layout, Page, Row, Spot, Text
from monitor.steps.match.slips import PREFIX_CHARS_MIN
from monitor.text.tokens import fold, tokenize

RUNS_KNOWN_MAX = 2**15  # twice as many at most
RUN_CHARS_MAX = 48  # longer runs are no words that come again
FILTER_CHANCE = 0.1
FEW = 16  # words of a run

_HEAD = PREFIX_CHARS_MIN

_ASCII_RUN = re.compile(r"[A-Za-z0-9]+(?:[-'.`][A-Za-z0-9]+)*")
_BLANK_RUN = re.compile(r"\S+")
_NOT_ASCII = re.compile(r"[^\x00-\x7F]")
# Most texts in Latin letters are ASCII but for some characters, each of which stands for one of ASCII where words are compared.
_PUNCTUATION = {
    "’": "'",
    "‘": "'",
    "“": " ",
    "”": " ",
    "„": " ",
    "–": " ",
    "—": " ",
    "…": " ",
    "\N{NO-BREAK SPACE}": " ",
}
_LETTERS = {
    letter: folded
    for letter in map(chr, range(0xC0, 0x250))
    if letter.isalpha() and len(folded := fold(letter)) == 1 and folded.isascii()
}
_TWINS = _PUNCTUATION | _LETTERS
_SIMPLE = re.compile(
    r"[0-9A-Za-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u024F\u0386-\u03CE\u0400-\u0481\u048A-\u052F]+"
)  # one word to tokenize(), whatever it is made of
_EDGES = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”„‘’‚«»‹›…–—·•¿¡"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What may stand in one place of the text: one of these folded words, words as written, or beginnings of folded words."""

    words: frozenset[str] = frozenset()
    exact: frozenset[str] = frozenset()
    prefixes: frozenset[str] = frozenset()


_NOTHING = Layout(1, (), ())  # a word that no query asks for


def _as_ascii(text: str, twins: Mapping[str, str]) -> str | None:
    """The text with twins for what is not ASCII, as long as it was; None where there is one without a twin."""
    for character in set(_NOT_ASCII.findall(text)):
        if character not in twins:
            return None
        text = text.replace(character, twins[character])
    return text


def comparable(value: str) -> str:
    """A filter's value as it is compared: in any case, whatever its blanks."""
    return " ".join(value.split()).casefold()


class Lexicon:
    """The atoms, given out while queries are compiled, and then looked for."""

    def __init__(self) -> None:
        self.has_filters = False
        self.chances: list[float] = []  # of each atom to stand in some text, as far as its length tells
        self._atoms: dict[Place | tuple[str, str], int] = {}
        self._words: dict[str, tuple[int, ...]] = {}
        self._exact: dict[str, tuple[int, ...]] = {}
        self._prefixes: dict[str, tuple[int, ...]] = {}
        self._heads: set[str] = set()  # how the prefixes begin
        self._lengths: tuple[int, ...] = ()  # of the prefixes
        self._as_written = False  # whether a query asks for more than whole words in any case
        self._known: dict[str, Layout] = {}
        self._older: dict[str, Layout] = {}

    def atom(self, place: Place) -> int:
        """The number of what may stand in a place."""
        known = self._atoms.get(place)
        if known is None:
            known = self._atoms[place] = len(self._atoms)
            chances = [*map(_chance, place.words | place.exact), *(2 * _chance(prefix) for prefix in place.prefixes)]
            self.chances.append(sum(chances))
            for table, keys in (
                (self._words, place.words),
                (self._exact, place.exact),
                (self._prefixes, place.prefixes),
            ):
                for key in keys:
                    table[key] = (*table.get(key, ()), known)
            self._lengths = tuple(sorted({*self._lengths, *map(len, place.prefixes)}))
            self._heads.update(prefix[:PREFIX_CHARS_MIN] for prefix in place.prefixes)
            self._as_written = bool(self._exact or self._heads)
            self._known, self._older = {}, {}
        return known

    def filter(self, name: str, value: str) -> int:
        """The number of a filter with that value."""
        self.has_filters = True
        key = (name, comparable(value))
        if key not in self._atoms:
            self._atoms[key] = len(self._atoms)
            self.chances.append(FILTER_CHANCE)
        return self._atoms[key]

    def filtered(self, values: Iterable[tuple[str, str]]) -> set[int]:
        """The numbers of those filters that any query asks for."""
        return {atom for value in values if (atom := self._atoms.get(value)) is not None}

    def read(self, texts: Sequence[Text]) -> Page:
        """The runs of some texts, and what is asked for in them."""
        rows: list[Row] = []
        words: list[str] = []  # runs that may be looked up as they are
        others: list[str] = []
        for text in texts:
            _, written, _ = text
            plain = written if written.isascii() else _as_ascii(written, _PUNCTUATION if self._exact else _TWINS)
            if plain is not None:
                runs = _ASCII_RUN.findall(plain if self._as_written else plain.lower())
                words += runs
                rows.append((text, plain, _ASCII_RUN, runs))
            else:
                runs = written.split()
                others += runs
                rows.append((text, written, _BLANK_RUN, runs))
        others += filterfalse(str.isalnum, words)
        if self._as_written:
            return Page(rows, set(), {}, self._layouts({*others, *self._asked_for(words)}))
        return Page(rows, self._words.keys() & words, self._words, self._layouts(others))

    def _asked_for(self, runs: Sequence[str]) -> list[str]:
        """Those that a query may ask for."""
        words, exact, heads = self._words, self._exact, self._heads
        lowered = map(str.lower, runs)
        return [
            run for run, low in zip(runs, lowered, strict=True) if low in words or low[:_HEAD] in heads or run in exact
        ]

    def _layouts(self, runs: Iterable[str]) -> dict[str, Layout]:
        """Of these runs those that are not just one word that no query asks for."""
        known = self._known
        found: dict[str, Layout] = {}
        for run in runs:
            layout = known.get(run) or self._learn(run)
            if layout is not _NOTHING:
                found[run] = layout
        return found

    def _learn(self, run: str) -> Layout:
        """From what was known before, or read now. What has not been asked for since the memory was last full is forgotten."""
        layout = self._older.get(run) or self._lay_out(run)
        if len(run) <= RUN_CHARS_MAX:
            if len(self._known) >= RUNS_KNOWN_MAX:
                self._known, self._older = {}, self._known
            self._known[run] = layout
        return layout

    def _lay_out(self, run: str) -> Layout:
        bare = run.strip(_EDGES)
        word = bare.removesuffix("'s")
        if _SIMPLE.fullmatch(word):
            atoms = self._atoms_of(fold(word), word)
            start = run.index(bare)
            spots = tuple(Spot(atom, 0, 1, start, start + len(bare)) for atom in atoms)
            return Layout(1, atoms, spots) if atoms else _NOTHING
        tokens = tokenize(run)
        words = tokens.words
        atoms_of = self._atoms_of if len(words) <= FEW else cache(self._atoms_of)  # a hostile run repeats itself
        found = [
            Spot(atom, at, 1, start, end)
            for at, (key, exact, start, end) in enumerate(words)
            for atom in atoms_of(key, exact)
        ]
        found += [
            Spot(atom, first, last - first + 1, words[first].start, words[last].end)
            for key, first, last in tokens.compounds
            for atom in atoms_of(key, "")
        ]
        if len(words) == 1 and not found:
            return _NOTHING
        return Layout(len(words), tuple({spot.atom for spot in found}), tuple(found))

    def _atoms_of(self, key: str, exact: str) -> tuple[int, ...]:
        atoms = self._words.get(key, ())
        if exact in self._exact:
            atoms += self._exact[exact]
        if key[:_HEAD] in self._heads:
            for length in self._lengths:
                atoms += self._prefixes.get(key[:length], ()) if length <= len(key) else ()
        return tuple(dict.fromkeys(atoms))


def _chance(word: str) -> float:
    """Short words are frequent ones (Zipf's law of abbreviation): all that is known of a word before any text is."""
    return float(min(len(word), 12)) ** -3
