"""page: texts that were taken apart into runs, the words in them numbered, and their characters."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from monitor.model.topic import Span
from monitor.steps.match.hits import Hits, bits_of

TEXT_GAP = 128  # words between one text and the next: more than NEAR may reach over


Text: TypeAlias = tuple[str, str, int]
"""A field, its text or one of its values, and where the characters of that value begin in the field. No phrase and no NEAR leaves it."""

Row: TypeAlias = tuple[Text, str, "re.Pattern[str]", list[str]]
"""A text, a text as long in which a pattern finds its runs, that pattern, and the runs."""


class Spot(NamedTuple):
    """An atom in a run: its first word there, how many words it takes up, and its characters."""

    atom: int
    first: int
    words: int
    start: int
    end: int


class Layout(NamedTuple):
    """A run: how many words it has, the atoms among them, and where these are."""

    words: int
    atoms: tuple[int, ...]
    spots: tuple[Spot, ...]


class Places:
    """Where each atom stands, in words numbered through all pages of an item."""

    __slots__ = ("_fields", "_known", "_longer", "ones")

    def __init__(self) -> None:
        self._known: dict[int, Hits] = {}
        self._fields: dict[str, int] = {}  # the words of each field, as a set
        self.ones: dict[int, list[int]] = {}  # the words that an atom is
        self._longer: dict[int, dict[int, list[int]]] = {}  # the first words of an atom of several, by how many

    def note(self, spots: Sequence[Spot], first: int) -> None:
        """Atoms in a run that begins with that word."""
        for atom, place, words, _, _ in spots:
            if words == 1:
                self.ones.setdefault(atom, []).append(first + place)
            else:
                self._longer.setdefault(atom, {}).setdefault(words, []).append(first + place)

    def note_field(self, field: str, first: int, end: int) -> None:
        self._fields[field] = self._fields.get(field, 0) | ((1 << end) - (1 << first))

    def hits(self, atom: int) -> Hits:
        known = self._known.get(atom)
        if known is None:
            ones, longer = self.ones.get(atom), self._longer.get(atom)
            known = ((1, bits_of(ones)),) if ones else ()
            if longer is not None:
                known += tuple((words, bits_of(firsts)) for words, firsts in sorted(longer.items()))
            self._known[atom] = known
        return known

    def words_of(self, *fields: str) -> int:
        """The words of these fields, as a set."""
        found = 0
        for field in fields:
            found |= self._fields.get(field, 0)
        return found


class Page:
    """Texts taken apart: their runs, and what is asked for in them."""

    __slots__ = ("_atoms", "_edges_known", "_layouts", "_numbered", "_rows", "_starts", "_words")

    def __init__(
        self,
        rows: list[Row],
        words: AbstractSet[str],
        atoms: Mapping[str, tuple[int, ...]],
        layouts: dict[str, Layout],
    ) -> None:
        """Of the runs that matter: the `words` that are looked up in `atoms` as they are, `layouts` of the others."""
        self._rows = rows
        self._words = words
        self._atoms = atoms
        self._layouts = layouts
        self._numbered: list[
            Sequence[int]
        ] = []  # of each row the words that its runs begin with, and the word after them
        self._starts: dict[int, list[int]] = {}  # of a row the characters that its runs begin with
        self._edges_known: dict[str, tuple[dict[int, int], dict[int, int]]] = {}

    def atoms(self) -> set[int]:
        """What is asked for and stands here."""
        layouts = [layout.atoms for layout in self._layouts.values()]
        return set[int]().union(*map(self._atoms.__getitem__, self._words), *layouts)

    def number(self, at: int, places: Places) -> int:
        """The words get the numbers from `at` on, with a gap between texts. The first number that is free."""
        atoms, layouts = self._atoms, self._layouts
        ones = places.ones
        matter = self._words | layouts.keys()
        for (field, _, _), _, _, runs in self._rows:
            firsts: Sequence[int] = range(at, at + len(runs) + 1)
            if layouts:
                words = [layouts[run].words if run in layouts else 1 for run in runs]
                firsts = list(accumulate(words, initial=at))
            for place, run in [found for found in enumerate(runs) if found[1] in matter]:
                first = firsts[place]
                if run in layouts:
                    places.note(layouts[run].spots, first)
                    continue
                for atom in atoms[run]:
                    if atom in ones:
                        ones[atom].append(first)
                    else:
                        ones[atom] = [first]
            places.note_field(field, at, firsts[-1])
            self._numbered.append(firsts)
            at = firsts[-1] + TEXT_GAP
        return at

    @property
    def end(self) -> int:
        """The first number that is free, once the words are numbered."""
        return self._numbered[-1][-1] + TEXT_GAP

    def span(self, first: int, last: int) -> Span:
        """The characters of a stretch that begins and ends with an atom."""
        number = next(number for number, firsts in enumerate(self._numbered) if first < firsts[-1])
        (field, text, at), plain, pattern, runs = self._rows[number]
        firsts = self._numbered[number]
        if number not in self._starts:
            self._starts[number] = [run.start() for run in pattern.finditer(plain)]
        starts = self._starts[number]
        run = bisect_right(firsts, first) - 1
        start = starts[run] + self._edges(runs[run])[0].get(first - firsts[run], 0)
        run = bisect_right(firsts, last) - 1
        end = starts[run] + self._edges(runs[run])[1].get(last - firsts[run], len(runs[run]))
        return Span(field=field, start=at + start, end=at + end, text=text[start:end])

    def _edges(self, run: str) -> tuple[dict[int, int], dict[int, int]]:
        """Where the atoms of a run begin, by their first words, and end, by their last. Nothing of a run that is a word as it is."""
        known = self._edges_known.get(run)
        if known is None:
            layout = self._layouts.get(run)
            spots = layout.spots if layout is not None else ()
            known = (
                {spot.first: spot.start for spot in spots},
                {spot.first + spot.words - 1: spot.end for spot in spots},
            )
            self._edges_known[run] = known
        return known
