"""reading: an item read once, and what the parts of queries find in it.

A hit is a stretch of words of one field. What a phrase or a word finds is a stretch without a hole; what NEAR finds reaches from
the first of its words to the last. Looking for hits is linear in the length of the text, whatever the query: see the bounds.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from monitor.model.item import Item
from monitor.model.topic import Span
from monitor.steps.match.plan import All, Any, Close, Place, Plan, Search, Without, holds_all
from monitor.text.tokens import tokenize

HITS_PER_WORD_MAX = 8  # that begin at the same word: the shortest are kept
OVERLAPS_MAX = 64  # hits that are tried for a place in which they overlap another

Stretch: TypeAlias = tuple[int, int]  # first and last word


class Hit(NamedTuple):
    """Words `first` to `last` of a field; `stretches` are those in between that were asked for."""

    first: int
    last: int
    stretches: tuple[Stretch, ...]


class Reading:
    """What is found is remembered: topics share parts."""

    def __init__(self, item: Item) -> None:
        self._texts = {"title": item.title, "summary": item.summary, "body": item.body}
        self._fields: dict[str, _FieldText] = {}
        self._hits: dict[tuple[Plan, str], Sequence[Hit]] = {}
        self._holds: dict[Plan, bool] = {}

    def holds(self, plan: Plan) -> bool:
        known = self._holds.get(plan)
        if known is None:
            known = self._holds[plan] = self._decide(plan)
        return known

    def spans(self, plan: Plan) -> tuple[Span, ...]:
        """Where the parts that hold were found, in the order of the text; overlapping ones as one."""
        found = self._stretches(plan)
        return tuple(
            self._field(name).span(name, first, last)
            for name in self._texts
            for first, last in _merged(sorted(stretch for field, stretch in found if field == name))
        )

    def _decide(self, plan: Plan) -> bool:
        match plan:
            case All():
                return all(map(self.holds, plan.parts))
            case Any():
                return any(map(self.holds, plan.parts))
            case Without():
                return not self.holds(plan.part)
            case _:
                return any(self._found(plan, name) for name in plan.fields)

    def _stretches(self, plan: Plan) -> set[tuple[str, Stretch]]:
        match plan:
            case Without():
                return set()
            case All() | Any():
                return {found for part in plan.parts if self.holds(part) for found in self._stretches(part)}
            case _:
                return {
                    (name, stretch)
                    for name in plan.fields
                    for hit in self._found(plan, name)
                    for stretch in hit.stretches
                }

    def _field(self, name: str) -> "_FieldText":
        field = self._fields.get(name)
        if field is None:
            field = self._fields[name] = _FieldText(self._texts[name])
        return field

    def _found(self, plan: Plan, name: str) -> Sequence[Hit]:
        """The hits of a part that can stand in a NEAR, in the order of the text."""
        known = self._hits.get((plan, name))
        if known is None:
            known = self._hits[plan, name] = self._find(plan, name)
        return known

    def _find(self, plan: Plan, name: str) -> Sequence[Hit]:
        match plan:
            case Search():
                return self._field(name).hits(plan)
            case Any():
                return _ordered(hit for part in plan.parts for hit in self._found(part, name))
            case Close():
                anchors = self._found(plan.anchor, name)
                pairs = self._around(anchors, plan.other, plan.words, name) if anchors else []
                return _ordered(_cover(anchor, found) for anchor, found in pairs)
            case All() | Without():
                raise TypeError(f"{plan.clause} is no operand with a place")  # the grammar lets none through

    def _around(self, anchors: Sequence[Hit], plan: Plan, words: int, name: str) -> list[tuple[Hit, Hit]]:
        """Anchors, each with what stands near it. Of All, each part must be near the same anchor."""
        if isinstance(plan, Any) and holds_all(plan):
            return [pair for part in plan.parts for pair in self._around(anchors, part, words, name)]
        if not isinstance(plan, All):
            return _pairs(anchors, self._found(plan, name), words)
        joined: dict[Hit, Hit] = {anchor: anchor for anchor in anchors}
        for part in plan.parts:
            nearest: dict[Hit, Hit] = {}
            for anchor, found in self._around(anchors, part, words, name):
                if anchor not in nearest or _gap(anchor, found) < _gap(anchor, nearest[anchor]):
                    nearest[anchor] = found
            joined = {anchor: _cover(hit, nearest[anchor]) for anchor, hit in joined.items() if anchor in nearest}
        return list(joined.items())


class _FieldText:
    """The words of one field and where each stands."""

    def __init__(self, text: str) -> None:
        tokens = tokenize(text)
        self._text = text
        self._words = tokens.words
        self._stretches: dict[str, list[Stretch]] = {}
        for at, word in enumerate(tokens.words):
            self._stretches.setdefault(word.key, []).append((at, at))
        for compound in tokens.compounds:
            self._stretches.setdefault(compound.key, []).append((compound.first, compound.last))
        self._sorted: list[str] | None = None
        self._exact: dict[str, list[Stretch]] | None = None

    def span(self, name: str, first: int, last: int) -> Span:
        start, end = self._words[first].start, self._words[last].end
        return Span(field=name, start=start, end=end, text=self._text[start:end])

    def hits(self, search: Search) -> Sequence[Hit]:
        found = self._at(search.single)
        for phrase in search.phrases:
            found += self._phrase(phrase)
        return _ordered(Hit(first, last, ((first, last),)) for first, last in found)

    def _phrase(self, places: tuple[Place, ...]) -> list[Stretch]:
        found = self._at(places[0])
        for place in places[1:]:
            if not found:
                return found
            following: dict[int, list[int]] = {}
            for first, last in self._at(place):
                following.setdefault(first, []).append(last)
            found = [(first, end) for first, last in found for end in following.get(last + 1, ())]
        return found

    def _at(self, place: Place) -> list[Stretch]:
        known = self._stretches
        words = place.words if len(place.words) < len(known) else known.keys() & place.words
        found = [stretch for word in words for stretch in known.get(word, ())]
        for prefix in place.prefixes:
            found += [stretch for word in self._beginning(prefix) for stretch in known[word]]
        for word in place.exact:
            found += self._written(word)
        return found

    def _beginning(self, prefix: str) -> Iterable[str]:
        if self._sorted is None:
            self._sorted = sorted(self._stretches)
        start = bisect_left(self._sorted, prefix)
        for word in islice(self._sorted, start, None):
            if not word.startswith(prefix):
                return
            yield word

    def _written(self, word: str) -> Iterable[Stretch]:
        if self._exact is None:
            self._exact = {}
            for at, token in enumerate(self._words):
                self._exact.setdefault(token.exact, []).append((at, at))
        return self._exact.get(word, ())


def _pairs(anchors: Sequence[Hit], others: Sequence[Hit], words: int) -> list[tuple[Hit, Hit]]:
    """Each anchor with the nearest others around it, and each other with the nearest anchors around it."""
    if not others:
        return []
    pairs = dict.fromkeys(_neighbours(anchors, others, words))
    pairs |= dict.fromkeys((anchor, other) for other, anchor in _neighbours(others, anchors, words))
    return list(pairs)


def _neighbours(hits: Sequence[Hit], others: Sequence[Hit], words: int) -> Iterable[tuple[Hit, Hit]]:
    """For each hit: the nearest other before it, those that overlap it without sharing a word, the nearest after it."""
    by_last = sorted(others, key=attrgetter("last"))
    firsts = [other.first for other in others]
    lasts = [other.last for other in by_last]
    for hit in hits:
        before = bisect_left(lasts, hit.first)
        if before and hit.first - lasts[before - 1] - 1 <= words:
            yield hit, by_last[before - 1]
        after = bisect_right(firsts, hit.last)
        for other in islice(reversed(others[max(0, after - OVERLAPS_MAX) : after]), OVERLAPS_MAX):
            if other.last >= hit.first and not _share(hit, other):
                yield hit, other
        if after < len(others) and firsts[after] - hit.last - 1 <= words:
            yield hit, others[after]


def _share(one: Hit, other: Hit) -> bool:
    return any(first <= end and start <= last for first, last in one.stretches for start, end in other.stretches)


def _gap(one: Hit, other: Hit) -> int:
    return max(0, other.first - one.last - 1, one.first - other.last - 1)


def _cover(one: Hit, other: Hit) -> Hit:
    stretches = tuple(sorted({*one.stretches, *other.stretches}))
    return Hit(min(one.first, other.first), max(one.last, other.last), stretches)


def _ordered(hits: Iterable[Hit]) -> Sequence[Hit]:
    """In the order of the text, each once; of those that begin at the same word a bounded number."""
    by_first = groupby(sorted(set(hits)), key=attrgetter("first"))
    return tuple(hit for _, same in by_first for hit in islice(same, HITS_PER_WORD_MAX))


def _merged(stretches: Iterable[Stretch]) -> Iterable[Stretch]:
    """Sorted stretches, overlapping ones as one."""
    current: Stretch | None = None
    for first, last in stretches:
        if current is None:
            current = (first, last)
        elif first <= current[1]:
            current = (current[0], max(current[1], last))
        else:
            yield current
            current = (first, last)
    if current is not None:
        yield current
