"""page: a text that was taken apart into runs, the words in it numbered, and their characters."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from monitor.model.topic import Span
from monitor.steps.match.hits import Hits, bits_of

_RUN = re.compile(r"\S+")
TEXT_GAP = 128  # words between one text and the next: more than NEAR may reach over


Text: TypeAlias = tuple[str, str, int]
"""A field, its text or one of its values, and where the characters of that value begin in the field. No phrase and no NEAR leaves it."""


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
        self.ones: defaultdict[int, list[int]] = defaultdict(list)  # the words that an atom is
        self._longer: dict[int, dict[int, list[int]]] = {}  # the first words of an atom of several, by how many

    def note(self, spots: Sequence[Spot], first: int) -> None:
        """Atoms in a run that begins with that word."""
        for atom, place, words, _, _ in spots:
            if words == 1:
                self.ones[atom].append(first + place)
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
    """A text taken apart: its runs, and what is asked for in them. Where its words stand is known once they are numbered."""

    __slots__ = ("_edges", "_firsts", "_found", "_layouts", "_plain", "_runs", "_starts", "_text", "atoms", "end")

    def __init__(
        self, text: Text, plain: str, runs: Sequence[str], atoms: set[int], layouts: Mapping[str, Layout]
    ) -> None:
        """`plain` is as long as the text, with blanks between the runs; `layouts` has those runs that are more than a word not asked for."""
        self.atoms = atoms
        self._text = text
        self._plain = plain
        self._runs = runs
        self._layouts = layouts

    def number(self, at: int, places: Places) -> int:
        """The words get the numbers from `at` on, with a gap before the next text. The first number that is free."""
        first = at
        ones, layouts = places.ones, self._layouts
        self._firsts: list[int] = []  # the numbers of the words that the runs below begin with
        self._starts: list[int] = []  # the characters that all runs begin with
        self._edges: dict[int, tuple[dict[int, int], dict[int, int]]] = {}  # of a run: where its atoms begin and end
        # The runs that have a layout, each with its place among the runs.
        self._found = [(place, layouts[run]) for place, run in enumerate(self._runs) if run in layouts]
        for place, layout in self._found:
            number = at + place
            self._firsts.append(number)
            if layout.words == 1:
                for atom in layout.atoms:
                    ones[atom].append(number)
            else:
                places.note(layout.spots, number)
                at += layout.words - 1
        end = at + len(self._runs)
        places.note_field(self._text[0], first, end)
        self.end = end + TEXT_GAP
        return self.end

    def span(self, first: int, last: int) -> Span:
        """The characters of a stretch that begins and ends with an atom."""
        field, text, at = self._text
        begin, _ = self._characters(first)
        _, end = self._characters(last)
        return Span(field=field, start=at + begin, end=at + end, text=text[begin:end])

    def _characters(self, number: int) -> tuple[int, int]:
        """Where the atoms that begin, and those that end, with a word do so."""
        found = bisect_right(self._firsts, number) - 1
        place, layout = self._found[found]
        if place not in self._edges:
            self._edges[place] = (
                {spot.first: spot.start for spot in layout.spots},
                {spot.first + spot.words - 1: spot.end for spot in layout.spots},
            )
        if not self._starts:
            self._starts = [run.start() for run in _RUN.finditer(self._plain)]
        begins, ends = self._edges[place]
        start, word = self._starts[place], number - self._firsts[found]
        return start + begins.get(word, 0), start + ends.get(word, 0)
