"""topic: what the user tracks; entity: one name in many spellings."""

from dataclasses import dataclass

from monitor.model.ids import TopicId
from monitor.model.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A named set of spellings, used in queries as `@name`. A spelling is a word, a prefix (`Зеленськ*`) or several words."""

    name: str
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """What makes a match of a topic louder than the topic: the first of its escalations whose query matches decides."""

    query: str
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as configured. `version` changes whenever one of its queries, or an entity in them, does."""

    id: TopicId
    title: str
    severity: Severity
    query: str
    version: str
    description: str = ""
    escalations: tuple[Escalation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a match stands: characters `start` to `end` of the item's field of that name, and those characters."""

    field: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Item x topic: the spans that matched, in the order of the text, and the clause of the query that decided."""

    topic_id: TopicId
    topic_version: str
    spans: tuple[Span, ...]
    clause: str
    severity: Severity  # the topic's, or that of the escalation that matched
    escalation: str = ""  # the clause that escalated; empty where none did
