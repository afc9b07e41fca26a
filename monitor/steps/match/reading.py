"""reading: an item read for the queries: which atoms stand in it, and where. What is found in it is remembered: topics share parts."""

from collections.abc import Iterator, Sequence
from itertools import islice

from monitor.model.item import CATEGORY_JOINT, Item, Origin
from monitor.model.topic import Span
from monitor.steps.match.hits import Hits, Stretch, stretches, within
from monitor.steps.match.lexicon import Lexicon, comparable
from monitor.steps.match.page import Places, Text

UNFIELDED = ""  # the scope of a term that names no field
UNFIELDED_FIELDS = ("title", "summary")
SPANS_MAX = 64  # of one answer: the first ones of the text


class Reading:
    """One item. `present` are the atoms and filters in it, `inside` those of each scope; the parts of queries remember in `known` what they found."""

    __slots__ = ("_has_body", "_pages", "_places", "_spans", "inside", "known", "present")

    def __init__(self, item: Item, origin: Origin, lexicon: Lexicon, fields: frozenset[str]) -> None:
        """`fields` are those that any query asks for."""
        texts = _texts(item, fields)
        self._has_body = bool(item.body)
        self._pages = [lexicon.read(text) for text in texts]
        if fields:
            self.inside = self._atoms_by_scope(texts, fields)
            self.present = set[int]().union(*self.inside.values())
        else:
            self.present = set[int]().union(*[page.atoms for page in self._pages])
            self.inside = {UNFIELDED: self.present}
        if lexicon.has_filters:
            self.present = self.present.union(lexicon.filtered(_values(item, origin)))
        self.known: dict[object, Hits] = {}
        self._places: Places | None = None
        self._spans: dict[Stretch, Span] = {}

    def hits(self, atom: int, scope: str) -> Hits:
        """Where an atom stands in a scope."""
        if self._places is None:
            self._places = self._number()
        found = self._places.hits(atom)
        if len(self.inside) == 1:
            return found
        if scope == UNFIELDED:
            return within(found, self._places.words_of(*UNFIELDED_FIELDS))
        return within(found, self._places.words_of("summary" if scope == "body" and not self._has_body else scope))

    def spans(self, hits: Hits) -> tuple[Span, ...]:
        """The characters of these stretches, in the order of the text; of very many the first."""
        return tuple(map(self._span, islice(stretches(hits), SPANS_MAX)))

    def _span(self, stretch: Stretch) -> Span:
        known = self._spans.get(stretch)
        if known is None:
            first, last = stretch
            page = next(page for page in self._pages if first < page.end)
            known = self._spans[stretch] = page.span(first, last)
        return known

    def _number(self) -> Places:
        places = Places()
        at = 0
        for page in self._pages:
            at = page.number(at, places)
        return places

    def _atoms_by_scope(self, texts: Sequence[Text], fields: frozenset[str]) -> dict[str, set[int]]:
        inside: dict[str, set[int]] = {field: set() for field in fields.union(UNFIELDED_FIELDS)}
        for (field, _, _), page in zip(texts, self._pages, strict=True):
            inside[field] |= page.atoms
        inside[UNFIELDED] = inside["title"] | inside["summary"]
        if not self._has_body:
            inside["body"] = inside["summary"]
        return inside


def _texts(item: Item, fields: frozenset[str]) -> list[Text]:
    """What is to be read. A body only where a feed gives more than the summary, which is the body elsewhere."""
    found: list[Text] = [("title", item.title, 0), ("summary", item.summary, 0)]
    if not fields:
        return found
    found += [(field, text, 0) for field in ("body", "author", "url") if field in fields and (text := item.text(field))]
    if "category" in fields:
        at = 0
        for category in item.categories:
            found.append(("category", category, at))
            at += len(category) + len(CATEGORY_JOINT)
    return found


def _values(item: Item, origin: Origin) -> Iterator[tuple[str, str]]:
    """What filters may ask for. A language holds for its regions too: `lang:en` takes en-GB."""
    yield "feed", comparable(origin.feed)
    yield "publisher", comparable(origin.publisher)
    parts = item.lang.replace("_", "-").split("-")
    for count in range(1, len(parts) + 1):
        yield "lang", comparable("-".join(parts[:count]))
    for tag in origin.tags:
        yield "tag", comparable(tag)
