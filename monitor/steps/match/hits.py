"""hits: what was found in a text, as sets of bits, and how such sets combine.

Words of a text are numbered; bit `n` of a set stands for word `n`. A stretch is some adjacent words that were asked for. So a phrase is a
shift and an AND, and nearness a handful of shifts: each takes time in proportion to the length of the text, whatever stands in it, which
no list of pairs does (bit-parallel search: Baeza-Yates and Gonnet, "A New Approach to Text Searching", CACM 35(10), 1992).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

Hits: TypeAlias = tuple[tuple[int, int], ...]
"""Stretches by their length in words: (length, bits of their first words), the shortest first. Nothing found is empty."""

Stretch: TypeAlias = tuple[int, int]  # first and last word

_FEW = 8  # places, for which shifting a one is quicker than filling a row of bytes


def bits_of(places: Sequence[int]) -> int:
    """The set of these words."""
    if len(places) <= _FEW:
        bits = 0
        for place in places:
            bits |= 1 << place
        return bits
    row = bytearray(max(places) // 8 + 1)
    for place in places:
        row[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(row, "little")


def places_of(bits: int) -> Iterator[int]:
    """The words of a set, in the order of the text."""
    row = bin(bits)[:1:-1]
    place = row.find("1")
    while place >= 0:
        yield place
        place = row.find("1", place + 1)


def united(several: Iterable[Hits]) -> Hits:
    """What is in any of them."""
    found = [hits for hits in several if hits]
    if len(found) == 1:
        return found[0]
    lengths: dict[int, int] = {}
    for hits in found:
        for length, firsts in hits:
            lengths[length] = lengths.get(length, 0) | firsts
    return tuple(sorted(lengths.items()))


def common(one: Hits, other: Hits) -> Hits:
    """The stretches that are in both."""
    lengths = dict(other)
    return tuple((length, both) for length, firsts in one if (both := firsts & lengths.get(length, 0)))


def within(hits: Hits, mask: int) -> Hits:
    """The stretches that begin in the mask."""
    return tuple((length, inside) for length, firsts in hits if (inside := firsts & mask))


def adjacent(one: Hits, other: Hits) -> Hits:
    """Each stretch of `one` with one of `other` that follows at once, as one stretch."""
    lengths: dict[int, int] = {}
    for length, firsts in one:
        for following, seconds in other:
            if both := firsts & (seconds >> length):
                lengths[length + following] = lengths.get(length + following, 0) | both
    return tuple(sorted(lengths.items()))


def before(one: Hits, other: Hits, words: int) -> tuple[Hits, Hits]:
    """The stretches of `one` that one of `other` follows with at most `words` words between, and those of `other` that follow so."""
    begins = _firsts(other)
    followed = _chosen_by_last(one, _down(begins, words) >> 1)
    if not followed:
        return (), ()
    return followed, within(other, _up(_lasts(followed), words) << 1)


def near(one: Hits, other: Hits, words: int) -> tuple[Hits, Hits]:
    """The stretches of each that stand beside one of the other with at most `words` words between, in either order."""
    left, right = before(one, other, words)
    back, ahead = before(other, one, words)
    if not back:
        return left, right
    if not left:
        return ahead, back
    return united((left, ahead)), united((right, back))


def stretches(hits: Hits) -> list[Stretch]:
    """The stretches in the order of the text, overlapping ones as one."""
    if len(hits) == 1:
        length, firsts = hits[0]
        if length == 1:
            return [(place, place) for place in places_of(firsts)]
    found = sorted((first, first + length - 1) for length, firsts in hits for first in places_of(firsts))
    merged: list[Stretch] = []
    for first, last in found:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _firsts(hits: Hits) -> int:
    bits = 0
    for _, firsts in hits:
        bits |= firsts
    return bits


def _lasts(hits: Hits) -> int:
    bits = 0
    for length, firsts in hits:
        bits |= firsts << (length - 1)
    return bits


def _chosen_by_last(hits: Hits, lasts: int) -> Hits:
    return tuple((length, chosen) for length, these in hits if (chosen := these & (lasts >> (length - 1))))


def _up(bits: int, words: int) -> int:
    """The words of a set, and `words` words after each: by doubling, in log(words) steps."""
    covered = 1
    while covered <= words:
        step = min(covered, words + 1 - covered)
        bits |= bits << step
        covered += step
    return bits


def _down(bits: int, words: int) -> int:
    """The words of a set, and `words` words before each."""
    covered = 1
    while covered <= words:
        step = min(covered, words + 1 - covered)
        bits |= bits >> step
        covered += step
    return bits
