"""lexicon: what queries ask for, numbered as atoms, and which of them stand in a text.

A text is taken apart into runs: what stands between two blanks. In ASCII all that can stand between words is a blank first, so that a run is a
word, or several that hyphens, apostrophes or dots join. What was read in a run is remembered, because the news says the same words over and
over: a text costs a look at a table for each run, and only what is new is read.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain

from monitor.steps.match.page import Layout, Page, Spot, Text
from monitor.steps.match.slips import PREFIX_CHARS_MIN
from monitor.text.tokens import fold, tokenize

KNOWN_CHARS_MAX = (
    2**20
)  # of the runs that are remembered, and those of one text; when there are more, all are forgotten
FILTER_CHANCE = 0.1
FEW = 16  # words of a run

_HEAD = PREFIX_CHARS_MIN

_BLANKS = bytes(code if chr(code).isalnum() or chr(code) in "-'.`" else ord(" ") for code in range(128)).ljust(256)
_BLANKS_AND_LOWER = _BLANKS.lower()
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


_NOTHING = Layout(1, (), ())  # one word that no query asks for


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
        self._known: dict[str, tuple[int, ...]] = {}  # the atoms of each run that was read
        self._layouts: dict[str, Layout] = {}  # of those that are more than one word that no query asks for
        self._known_chars = 0

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
            self._forget()
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

    def read(self, text: Text) -> Page:
        """The runs of a text, and what is asked for in them."""
        if self._known_chars > KNOWN_CHARS_MAX:
            self._forget()
        plain = self._plain(text[1])
        runs = plain.split()
        known = list(map(self._known.get, runs))
        atoms = set(chain.from_iterable(filter(None, known)))
        if None in known:
            new = {run for run, each in zip(runs, known, strict=True) if each is None}
            atoms.update(*map(self._learn, new))
        return Page(text, plain, runs, atoms, self._layouts)

    def _plain(self, written: str) -> str:
        """A text as long and of the same words: if it can be in ASCII, with all that parts words as blanks."""
        plain = written if written.isascii() else _as_ascii(written, _PUNCTUATION if self._exact else _TWINS)
        if plain is None:
            return written
        # A dot at the end of a sentence is the one mark that is as frequent as words are.
        parted = plain.encode().replace(b". ", b"  ")
        return parted.translate(_BLANKS if self._as_written else _BLANKS_AND_LOWER).decode()

    def _learn(self, run: str) -> tuple[int, ...]:
        """The atoms of a run that was not known."""
        layout = self._lay_out(run)
        self._known[run] = layout.atoms
        self._known_chars += len(run)
        if layout is not _NOTHING:
            self._layouts[run] = layout
        return layout.atoms

    def _forget(self) -> None:
        """Pages keep the layouts that they were read with."""
        self._known, self._layouts, self._known_chars = {}, {}, 0

    def _lay_out(self, run: str) -> Layout:
        bare = word = run
        simple = run.isascii() and run.isalnum()
        if not simple:
            bare = run.strip(_EDGES)
            word = bare.removesuffix("'s")
            simple = _SIMPLE.fullmatch(word) is not None
        if simple:
            atoms = self._atoms_of(fold(word), word)
            if not atoms:
                return _NOTHING
            start = run.index(bare)
            return Layout(1, atoms, tuple(Spot(atom, 0, 1, start, start + len(bare)) for atom in atoms))
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
        if not self._as_written:
            return atoms
        if exact in self._exact:
            atoms += self._exact[exact]
        if key[:_HEAD] in self._heads:
            for length in self._lengths:
                atoms += self._prefixes.get(key[:length], ()) if length <= len(key) else ()
        return tuple(dict.fromkeys(atoms))


def _chance(word: str) -> float:
    """Short words are frequent ones (Zipf's law of abbreviation): all that is known of a word before any text is."""
    return float(min(len(word), 12)) ** -3
