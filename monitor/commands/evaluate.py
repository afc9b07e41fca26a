"""evaluate: labelled texts and the compiled topics in; precision, recall and F1 of each topic, and every mistake with its reason, out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.commands.texts import BadLine, Text, read_texts
from monitor.model.feed import Feed
from monitor.model.ids import TopicId
from monitor.model.topic import Match
from monitor.steps.match import Explanation, Topics, explain, match


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A text with the topics that a person gave it."""

    text: Text
    topics: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A text that was judged wrongly: matched without the label, or labelled without a match, and why not."""

    text: Text
    match: Match | None
    lacking: Explanation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How a topic fares. A figure that nothing was measured for is None."""

    topic: TopicId
    hits: int
    false: tuple[Mistake, ...]
    missed: tuple[Mistake, ...]

    @property
    def labelled(self) -> int:
        return self.hits + len(self.missed)

    @property
    def precision(self) -> float | None:
        """The share of its matches that are right; None where it matched nothing."""
        return _share(self.hits, self.hits + len(self.false))

    @property
    def recall(self) -> float | None:
        """The share of the labelled texts that it matched; None where none is labelled."""
        return _share(self.hits, self.labelled)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both; None where no text is labelled, 0 where only wrong ones or none were matched."""
        return _share(2 * self.hits, self.labelled + self.hits + len(self.false)) if self.labelled else None


def read_labels(path: Path, feeds: Mapping[str, Feed]) -> tuple[tuple[Labelled, ...], tuple[BadLine, ...]]:
    """The labelled texts of a file, and its bad lines. Raises OSError."""
    labelled: list[Labelled] = []
    bad: list[BadLine] = []
    with path.open("rb") as file:
        for read in read_texts(file, feeds):
            if isinstance(read, BadLine):
                bad.append(read)
            elif read.labels is None:
                problem = 'expected `topics`, a list of topic ids, such as ["peace-talks"], or [] for none'
                bad.append(BadLine(line=read.line, size_bytes=read.size_bytes, problem=problem))
            else:
                labelled.append(Labelled(text=read, topics=frozenset(read.labels)))
    return tuple(labelled), tuple(bad)


def strangers(labelled: Iterable[Labelled], known: Iterable[TopicId]) -> Mapping[str, int]:
    """Labels that name no known topic, with how many texts bear each."""
    names = frozenset[str](known)
    return Counter(sorted(label for each in labelled for label in each.topics - names))


def evaluate(labelled: Sequence[Labelled], topics: Topics, wanted: Sequence[TopicId]) -> tuple[Measured, ...]:
    """The wanted topics, in that order; each is measured on all of the texts."""
    hits = Counter[TopicId]()
    false: dict[TopicId, list[Mistake]] = {topic: [] for topic in wanted}
    missed: dict[TopicId, list[Mistake]] = {topic: [] for topic in wanted}
    for each in labelled:
        text = each.text
        found = {one.topic_id: one for one in match(text.item, topics, text.origin)}
        for topic in wanted:
            if topic in found and topic in each.topics:
                hits[topic] += 1
            elif topic in found:
                false[topic].append(Mistake(text=text, match=found[topic]))
            elif topic in each.topics:
                lacking = explain(text.item, topic, topics, text.origin)
                missed[topic].append(Mistake(text=text, match=None, lacking=lacking))
    return tuple(
        Measured(topic=topic, hits=hits[topic], false=tuple(false[topic]), missed=tuple(missed[topic]))
        for topic in wanted
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
