"""topics: topics/*.yaml, what the user tracks, and the entities that its queries name."""

from typing import Annotated

from pydantic import Field

from monitor.config.names import Line, Slug
from monitor.config.section import Section, SeverityWord
from monitor.model.severity import Severity

QUERY_CHARS_MAX = 20_000
SPELLINGS_MAX = 500
ESCALATIONS_MAX = 20  # of one topic: each is a query that is asked of every match


QueryText = Annotated[str, Field(max_length=QUERY_CHARS_MAX)]


class EscalationEntry(Section):
    """What makes a match of the topic louder than the topic."""

    query: QueryText
    """What an item that matches the topic must say, too."""
    severity: SeverityWord
    """How loudly the topic speaks then."""


class TopicEntry(Section):
    """A topic: a query, and how loudly it speaks."""

    id: Slug
    """Its name for good: routes and alerts go by it."""
    title: Line
    """What people call it."""
    severity: SeverityWord = Severity.MEDIUM
    query: QueryText
    """What an item must say. See the guide to the query language."""
    escalate: Annotated[tuple[EscalationEntry, ...], Field(max_length=ESCALATIONS_MAX)] = ()
    """What makes a match louder. The first whose query matches decides."""
    description: str = ""


class TopicsFile(Section):
    """Topics that belong together. Entities may be used in every topic, whatever its file."""

    entities: dict[Slug, Annotated[tuple[Line, ...], Field(min_length=1, max_length=SPELLINGS_MAX)]] = Field(
        default_factory=dict
    )
    """The spellings of a name in several languages and scripts, used in queries as `@name`."""
    topics: tuple[TopicEntry, ...] = ()
