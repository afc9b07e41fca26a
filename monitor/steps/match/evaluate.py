"""evaluate: a query's tree and an item's words in, whether it holds and where out.

A hit is a stretch of words in one field, with the words in it that were asked for. NEAR joins hits of one field, phrases are hits of
adjacent words; both therefore never cross fields. The cost grows with the hits, never with their combinations.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from monitor.model.item import Item
from monitor.model.topic import Span
from monitor.steps.match.tree import And, EntityName, Exact, Fielded, Near, Node, Not, Or, Phrase, Prefix, Word
from monitor.text.tokens import Token, tokenize

FIELDS = ("title", "summary")  # where a term without a field is looked for
HITS_MAX = 1_000  # of one term in one field; what comes later in a hostile text proves nothing more
PARTNERS_MAX = 8  # nearest hits on either side that NEAR joins one hit with

Words = tuple[tuple[int, int], ...]  # first and last word of each asked-for piece


@dataclass(frozen=True, slots=True)
class Hit:
    first: int
    last: int
    asked: Words


@dataclass(frozen=True, slots=True)
class Found:
    """Whether a node holds, and the words that made it hold."""

    holds: bool
    words: tuple[tuple[str, int, int], ...] = ()  # field, first and last word


class Field:
    """The words of one field, ready to be asked."""

    def __init__(self, text: str) -> None:
        self.text = text
        found = tokenize(text)
        self.words: tuple[Token, ...] = found.words
        self.places: dict[str, list[tuple[int, int]]] = {}
        for number, word in enumerate(found.words):
            self.places.setdefault(word.key, []).append((number, number))
        for compound in found.compounds:
            self.places.setdefault(compound.key, []).append((compound.first, compound.last))

    @cached_property
    def keys(self) -> list[str]:
        return sorted(self.places)

    def of_prefix(self, prefix: str) -> list[tuple[int, int]]:
        """Where words begin so."""
        start = bisect_left(self.keys, prefix)
        found: list[tuple[int, int]] = []
        for key in self.keys[start:]:
            if not key.startswith(prefix):
                break
            found += self.places[key]
        return found


class Text:
    """An item as queries see it. Fields are read when first asked for; what a term found is remembered for the other topics."""

    def __init__(self, item: Item, entities: Mapping[str, tuple[Node, ...]]) -> None:
        self._item = item
        self._entities = entities
        self._fields: dict[str, Field] = {}
        self._hits: dict[tuple[Node, str], tuple[Hit, ...]] = {}

    def field(self, name: str) -> Field:
        if name not in self._fields:
            self._fields[name] = Field(str(getattr(self._item, name)))
        return self._fields[name]

    def hits(self, node: Node, field: str) -> tuple[Hit, ...]:
        """Where a term, an entity, an OR-group or a NEAR stands in one field, in the order of the text."""
        known = self._hits.get((node, field))
        if known is None:
            known = tuple(sorted(set(self._find(node, field)), key=lambda hit: (hit.first, hit.last)))[:HITS_MAX]
            self._hits[node, field] = known
        return known

    def spans(self, words: tuple[tuple[str, int, int], ...]) -> tuple[Span, ...]:
        """The characters of those words, in the order of the text; of overlapping ones the longest."""
        order = {name: number for number, name in enumerate((*FIELDS, "body"))}
        spans: list[Span] = []
        for name, first, last in sorted(set(words), key=lambda each: (order[each[0]], each[1], -each[2])):
            field = self.field(name)
            start, end = field.words[first].start, field.words[last].end
            if not (spans and spans[-1].field == name and start < spans[-1].end):
                spans.append(Span(field=name, start=start, end=end, text=field.text[start:end]))
        return tuple(spans)

    def _find(self, node: Node, field: str) -> list[Hit]:
        match node:
            case Word() | Exact() | Prefix() | Phrase():
                return [Hit(first, last, ((first, last),)) for first, last in _places(node, self.field(field))]
            case EntityName():
                return [hit for spelling in self._entities[node.name] for hit in self.hits(spelling, field)]
            case Or():
                return [hit for part in node.parts for hit in self.hits(part, field)]
            case Near():
                return self._near(node, field)
            case _:
                return []

    def _near(self, node: Near, field: str) -> list[Hit]:
        left, right = (node.right, node.left) if _joins(node.left) else (node.left, node.right)
        found: list[Hit] = []
        for alternative in right.parts if isinstance(right, Or) else (right,):
            hits = list(self.hits(left, field))
            for part in alternative.parts if isinstance(alternative, And) else (alternative,):
                hits = _join(hits, self.hits(part, field), node.words)
            found += hits
        return found


def evaluate(node: Node, text: Text, fields: tuple[str, ...] = FIELDS) -> Found:
    """Whether the query holds for the item."""
    match node:
        case Fielded():
            return evaluate(node.part, text, (node.field,))
        case Not():
            return Found(not evaluate(node.part, text, fields).holds)
        case And():
            words: tuple[tuple[str, int, int], ...] = ()
            for part in node.parts:
                found = evaluate(part, text, fields)
                if not found.holds:
                    return Found(holds=False)
                words += found.words
            return Found(True, words)
        case Or():
            each = [evaluate(part, text, fields) for part in node.parts]
            return Found(any(found.holds for found in each), tuple(word for found in each if found.holds for word in found.words))
        case _:
            asked = tuple(
                (field, first, last) for field in fields for hit in text.hits(node, field) for first, last in hit.asked
            )
            return Found(bool(asked), asked)


def _joins(node: Node) -> bool:
    return isinstance(node, And) or (isinstance(node, Or) and any(map(_joins, node.parts)))


def _join(left: list[Hit], right: tuple[Hit, ...], words: int) -> list[Hit]:
    """Each left hit with the nearest right ones that have at most so many words between. Both sides are sorted by their first word."""
    firsts = [hit.first for hit in right]
    lasts = sorted(right, key=lambda hit: hit.last)
    ends = [hit.last for hit in lasts]
    found: list[Hit] = []
    for hit in left:
        start = bisect_right(firsts, hit.last)
        end = min(bisect_right(firsts, hit.last + words + 1), start + PARTNERS_MAX)
        stop = bisect_left(ends, hit.first)
        begin = max(bisect_left(ends, hit.first - words - 1), stop - PARTNERS_MAX)
        for partner in (*lasts[begin:stop], *right[start:end]):
            first, last = min(hit.first, partner.first), max(hit.last, partner.last)
            found.append(Hit(first, last, hit.asked + partner.asked))
    return found


def _places(node: Word | Exact | Prefix | Phrase, field: Field) -> list[tuple[int, int]]:
    """Where a term stands: adjacent words, or one word that a hyphen may divide."""
    if isinstance(node, Exact):
        return _adjacent([_exact_places(word, field) for word in _exact_words(node.text)])
    pieces, whole = _pieces(node)
    found = _adjacent([_piece_places(piece, field) for piece in pieces])
    if whole:
        found += [place for key in whole for place in field.places.get(key, ())]
    return found


def _piece_places(piece: tuple[str, bool], field: Field) -> list[tuple[int, int]]:
    key, is_prefix = piece
    if is_prefix:
        return field.of_prefix(key)
    return [place for form in _forms(key) for place in field.places.get(form, ())]


def _adjacent(pieces: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Where the pieces follow one another without a word between."""
    rows = pieces[0]
    for following in pieces[1:]:
        starts: dict[int, int] = {}
        for first, last in following:
            starts.setdefault(first, last)
        rows = [(first, starts[last + 1]) for first, last in rows if last + 1 in starts]
    return rows


@lru_cache(maxsize=2**14)
def _pieces(node: Word | Prefix | Phrase) -> tuple[tuple[tuple[str, bool], ...], frozenset[str]]:
    """A term's words, each with whether it is a prefix; and the keys of the term as one word (ceasefire for cease-fire)."""
    text = f"{node.text}*" if isinstance(node, Prefix) else node.text
    pieces: list[tuple[str, bool]] = []
    for part in text.split(" "):
        found = tokenize(part.removesuffix("*")).words
        starred = part.endswith("*")
        pieces += [(word.key, starred and word is found[-1]) for word in found]
    joined = "".join(key for key, _ in pieces)
    one_word = isinstance(node, Word) and len(pieces) > 1
    return tuple(pieces), frozenset(_forms(joined)) if one_word else frozenset()


@lru_cache(maxsize=2**14)
def _exact_words(text: str) -> tuple[str, ...]:
    return tuple(word.exact for word in tokenize(text).words)


def _exact_places(exact: str, field: Field) -> list[tuple[int, int]]:
    key = tokenize(exact).words[0].key
    return [(first, last) for first, last in field.places.get(key, ()) if first == last and field.words[first].exact == exact]


_SIBILANTS = ("s", "x", "z", "ch", "sh")
_VOWELS = "aeiou"
_INFLECTED_CHARS_MIN = 3


@lru_cache(maxsize=2**14)
def _forms(key: str) -> tuple[str, ...]:
    """A word and its English plural; the possessive is no part of the word already."""
    if not (key.isascii() and key.isalpha() and len(key) >= _INFLECTED_CHARS_MIN):
        return (key,)
    if key.endswith(_SIBILANTS):
        return (key, f"{key}es")
    if key.endswith("y") and key[-2] not in _VOWELS:
        return (key, f"{key[:-1]}ies")
    return (key, f"{key}s")
