"""evaluate: the parts of a compiled query, and what each of them finds in a reading of an item.

Every part says whether it `holds`, and which stretches of words made it hold (`found`; none where it does not). Parts with a place (Search,
Close, Ordered, Either) can be operands of NEAR; for them to hold is to be found.
"""

from dataclasses import dataclass
from typing import TypeAlias

from monitor.steps.match.hits import Hits, adjacent, before, common, near, united
from monitor.steps.match.reading import Reading
from monitor.steps.match.tree import Node

NONE: Hits = ()

# A part is its own identity: what several topics ask is the same part, and looked up once per item.


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """One of the atoms, or of the phrases, the atoms of which are adjacent and in this order; in one scope."""

    node: Node
    scope: str
    atoms: frozenset[int]
    phrases: tuple[tuple[int, ...], ...]

    def holds(self, reading: Reading) -> bool:
        inside = reading.inside[self.scope]
        if not inside.isdisjoint(self.atoms):
            return True
        return bool(self.phrases) and any(map(inside.issuperset, self.phrases)) and bool(self.found(reading))

    def found(self, reading: Reading) -> Hits:
        known = reading.known.get(self)
        if known is None:
            known = reading.known[self] = self._look(reading)
        return known

    def around(self, some: Hits, _: Reading) -> Hits:
        """The stretches that belong together with some of those found."""
        return some

    def _look(self, reading: Reading) -> Hits:
        inside = reading.inside[self.scope]
        found = [reading.hits(atom, self.scope) for atom in inside & self.atoms]
        if self.phrases:
            found += [self._phrase(atoms, reading) for atoms in self.phrases if inside.issuperset(atoms)]
        return united(found)

    def _phrase(self, atoms: tuple[int, ...], reading: Reading) -> Hits:
        hits = reading.hits(atoms[0], self.scope)
        for atom in atoms[1:]:
            if not hits:
                return NONE
            hits = adjacent(hits, reading.hits(atom, self.scope))
        return hits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Close:
    """`left` and `right` with at most `words` words between, in either order. A group is as near as the nearest of its words."""

    node: Node
    words: int
    left: "Placed"
    right: "Placed"

    def holds(self, reading: Reading) -> bool:
        return bool(self.found(reading))

    def found(self, reading: Reading) -> Hits:
        known = reading.known.get(self)
        if known is None:
            known = reading.known[self] = self._look(reading)
        return known

    def around(self, some: Hits, reading: Reading) -> Hits:
        """As that of a search. Of groups in a group in a group it may be more: which stretches were found together is not kept."""
        left, right = self.left.found(reading), self.right.found(reading)
        mine, yours = common(left, some), common(right, some)
        my_partners, _ = near(left, yours, self.words)
        _, your_partners = near(mine, right, self.words)
        both = (
            self.left.around(united((mine, my_partners)), reading),
            self.right.around(united((yours, your_partners)), reading),
        )
        return common(united(both), self.found(reading))

    def _look(self, reading: Reading) -> Hits:
        if not (self.left.holds(reading) and self.right.holds(reading)):
            return NONE
        mine, yours = near(self.left.found(reading), self.right.found(reading), self.words)
        return united((self.left.around(mine, reading), self.right.around(yours, reading))) if mine else NONE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ordered:
    """The parts in this order, with at most `words[i]` words between part `i` and the next."""

    node: Node
    words: tuple[int, ...]
    parts: tuple["Placed", ...]

    def holds(self, reading: Reading) -> bool:
        return bool(self.found(reading))

    def found(self, reading: Reading) -> Hits:
        known = reading.known.get(self)
        if known is None:
            known = reading.known[self] = united(self._chains(reading))
        return known

    def around(self, some: Hits, reading: Reading) -> Hits:
        chains = self._chains(reading)
        seeds = [common(part, some) for part in chains]
        after, ahead = list(seeds), list(seeds)
        for at, words in enumerate(self.words):
            after[at + 1] = united((seeds[at + 1], before(after[at], chains[at + 1], words)[1]))
        for at, words in reversed(list(enumerate(self.words))):
            ahead[at] = united((seeds[at], before(chains[at], ahead[at + 1], words)[0]))
        return united([*after, *ahead])

    def _chains(self, reading: Reading) -> list[Hits]:
        """Of each part what stands in a whole chain."""
        chains = [self.parts[0].found(reading)]
        for words, part in zip(self.words, self.parts[1:], strict=True):
            chains.append(before(chains[-1], part.found(reading), words)[1] if chains[-1] else NONE)
        for at, words in reversed(list(enumerate(self.words))):
            chains[at] = before(chains[at], chains[at + 1], words)[0]
        return chains


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Either:
    """One of the parts at least, as an operand of NEAR."""

    node: Node
    parts: tuple["Placed", ...]

    def holds(self, reading: Reading) -> bool:
        for part in self.parts:  # noqa: SIM110  see Any
            if part.holds(reading):
                return True
        return False

    def found(self, reading: Reading) -> Hits:
        return united(part.found(reading) for part in self.parts)

    def around(self, some: Hits, reading: Reading) -> Hits:
        return united(part.around(common(part.found(reading), some), reading) for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Any:
    """One of the parts at least."""

    node: Node
    parts: tuple["Plan", ...]

    def holds(self, reading: Reading) -> bool:
        for part in self.parts:  # noqa: SIM110  any() of a generator takes half as long again, and this is the innermost loop
            if part.holds(reading):
                return True
        return False

    def found(self, reading: Reading) -> Hits:
        return united(part.found(reading) for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class All:
    """Every part."""

    node: Node
    parts: tuple["Plan", ...]

    def holds(self, reading: Reading) -> bool:
        for part in self.parts:  # noqa: SIM110  see Any
            if not part.holds(reading):
                return False
        return True

    def found(self, reading: Reading) -> Hits:
        return united(part.found(reading) for part in self.parts) if self.holds(reading) else NONE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Some:
    """`count` of the parts at least."""

    node: Node
    count: int
    parts: tuple["Plan", ...]

    def holds(self, reading: Reading) -> bool:
        return sum(part.holds(reading) for part in self.parts) >= self.count

    def found(self, reading: Reading) -> Hits:
        return united(part.found(reading) for part in self.parts) if self.holds(reading) else NONE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Without:
    """Not the part."""

    node: Node
    part: "Plan"

    def holds(self, reading: Reading) -> bool:
        return not self.part.holds(reading)

    def found(self, _: Reading) -> Hits:
        return NONE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class From:
    """The item comes from there: a filter, decided by its value and not by words."""

    node: Node
    atom: int

    def holds(self, reading: Reading) -> bool:
        return self.atom in reading.present

    def found(self, _: Reading) -> Hits:
        return NONE


Placed: TypeAlias = Search | Close | Ordered | Either
Plan: TypeAlias = Placed | All | Any | Some | Without | From


def parts_of(plan: Plan) -> tuple[Plan, ...]:
    """What a part is made of, in the order of the query."""
    match plan:
        case All() | Any() | Some() | Either() | Ordered():
            return plan.parts
        case Without():
            return (plan.part,)
        case Close():
            return (plan.left, plan.right)
        case Search() | From():
            return ()
