"""index: all topics compiled into one structure, which tells for an item which of them can match.

From each query groups of atoms are derived of which each must have one in the item (as the presearcher of Lucene's Monitor does). A topic is
filed under the atoms of the group that is probably rarest; only topics that an item meets there, and in two more groups, are evaluated.
What an item costs grows with what it touches, not with the number of topics.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import cycle, islice
from typing import TypeAlias

from monitor.model.item import Item, Origin
from monitor.model.topic import Entity, Escalation, Topic
from monitor.steps.match.compile import Compiler, Query
from monitor.steps.match.evaluate import All, Any, Close, Either, From, Ordered, Plan, Search, Some, Without, parts_of
from monitor.steps.match.grammar import parse_query
from monitor.steps.match.places import spellings_of
from monitor.steps.match.reading import Reading
from monitor.steps.match.spellings import check_entity
from monitor.steps.match.tree import entity_names, print_query

GROUPS_MAX = 3  # of a topic that are asked for before it is evaluated
_VERSION_BYTES = 6

Group: TypeAlias = frozenset[int]  # atoms: one of them must be in the item


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracked:
    """A compiled topic."""

    topic: Topic
    query: Query
    escalations: tuple[Query, ...]


class Topics:
    """Compiled topics. Never changed, but for what the lexicon remembers of the texts that it read."""

    def __init__(self, topics: Sequence[Topic], entities: Sequence[Entity]) -> None:
        """Compiles all queries together, so that an item is read once for all of them.

        Raises:
            QueryError: of the first wrong query; a note names its topic.
        """
        named = {entity.name: entity for entity in entities}
        for entity in entities:
            check_entity(entity, named)
        compiler = Compiler(named)
        compiled = []
        for topic in topics:
            try:
                compiled.append(
                    (
                        topic,
                        compiler.query(topic.query),
                        tuple(compiler.query(each.query) for each in topic.escalations),
                    )
                )
            except ValueError as error:
                error.add_note(f"in the query of the topic {topic.id}")
                raise
        self.topics = tuple(topics)
        self._lexicon = compiler.lexicon
        self._fields = frozenset(compiler.fields)
        self._tracked = [Tracked(topic=topic, query=query, escalations=louder) for topic, query, louder in compiled]
        needs = [self._rarest(groups_of(query.plan)) for _, query, _ in compiled]
        filed: dict[int, list[int]] = {}
        for number, groups in enumerate(needs):
            for atom in groups[0]:
                filed.setdefault(atom, []).append(number)
        self._filed = {atom: tuple(numbers) for atom, numbers in filed.items()}
        self._always = [number for number, groups in enumerate(needs) if not groups[0]]
        self._lack = [[groups[at].isdisjoint for groups in needs] for at in range(1, GROUPS_MAX)]

    def read(self, item: Item, origin: Origin) -> Reading:
        return Reading(item, origin, self._lexicon, self._fields)

    def touched(self, reading: Reading) -> list[Tracked]:
        """The topics that can match, in their order: all that do are among them."""
        present = reading.present
        met: Iterable[int] = set[int]().union(*filter(None, map(self._filed.get, present)))
        for lacks in self._lack:
            met = [number for number in met if not lacks[number](present)]
        return [self._tracked[number] for number in sorted((*met, *self._always))]

    def _rarest(self, groups: Iterable[Group]) -> tuple[Group, ...]:
        """As many as are asked for, the one that is probably rarest first, and again where there are no more."""
        chances = self._lexicon.chances
        ordered = sorted(groups, key=lambda group: sum(chances[atom] for atom in group))
        return tuple(islice(cycle(ordered or [frozenset()]), GROUPS_MAX))

    def __iter__(self) -> Iterator[Tracked]:
        return iter(self._tracked)


def compile_topics(topics: Sequence[Topic], entities: Sequence[Entity]) -> Topics:
    """All queries as one index. Raises QueryError of the first wrong entity or query; a note names the topic."""
    return Topics(topics, entities)


def query_version(query: str, entities: Mapping[str, Entity], escalations: Sequence[Escalation] = ()) -> str:
    """Twelve hex digits that change whenever the query, one that escalates it, or a spelling of an entity in them does; not with blanks.

    Raises:
        QueryError: as `parse_query` does.
    """
    nodes = [parse_query(query, entities)]
    lines = [print_query(nodes[0])]
    for escalation in escalations:
        nodes.append(parse_query(escalation.query, entities))
        lines += [escalation.severity, print_query(nodes[-1])]
    for name in sorted(frozenset[str]().union(*map(entity_names, nodes))):
        lines += [f"@{name}", *sorted(spellings_of(name, entities))]
    return blake2b("\n".join(lines).encode(errors="surrogatepass"), digest_size=_VERSION_BYTES).hexdigest()


def groups_of(plan: Plan) -> list[Group]:
    """Groups of atoms: where the plan holds for an item, it has an atom of each. A plan that can hold without any word has none."""
    found: list[Group] = []
    match plan:
        case Search() if not plan.atoms and len(plan.phrases) == 1:
            found = [frozenset({atom}) for atom in plan.phrases[0]]
        case Search():
            found = [plan.atoms.union(phrase[0] for phrase in plan.phrases)]
        case From():
            found = [frozenset({plan.atom})]
        case All() | Ordered() | Close():
            found = [group for part in parts_of(plan) for group in groups_of(part)]
        case Any() | Either():
            found = _one_of([groups_of(part) for part in plan.parts])
        case Some():
            # Where one fewer than `missing` may be absent, one of any `missing` parts holds.
            missing = len(plan.parts) - plan.count + 1
            able = sorted(filter(None, map(groups_of, plan.parts)), key=lambda groups: min(map(len, groups)))
            found = _one_of(able[:missing]) if len(able) >= missing else []
        case Without():
            pass
    return found


def _one_of(groups: Sequence[Sequence[Group]]) -> list[Group]:
    """Groups of one from each part: as many as the part with the most has, so that none of these is lost. None where a part has none."""
    if not all(groups):
        return []
    count = min(GROUPS_MAX, max(map(len, groups)))
    return [frozenset[int]().union(*(each[at % len(each)] for each in groups)) for at in range(count)]
