"""queries: the topic files in, compiled-and-versioned topics and their entities out, or the query errors at their place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.config.document import Document, Scalar
from monitor.config.problems import KeyPath, Problem, spell_key
from monitor.config.topics import EscalationEntry, TopicEntry, TopicsFile
from monitor.model.ids import TopicId
from monitor.model.topic import Entity, Escalation, Topic
from monitor.steps.match import QueryError, check_spelling, parse_query, query_version


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTopics:
    """The topics whose queries can be read, and the problems of the others."""

    topics: tuple[Topic, ...]
    entities: tuple[Entity, ...]
    problems: tuple[Problem, ...]


def compile_topics(files: tuple[tuple[Document, TopicsFile], ...]) -> CheckedTopics:
    """Check every query against the entities of all files."""
    entities = {
        name: Entity(name=name, spellings=spellings) for _, file in files for name, spellings in file.entities.items()
    }
    topics: list[Topic] = []
    problems = [problem for document, file in files for problem in _misspelt(document, file, entities)]
    can_be_looked_up = not problems
    for document, file in files:
        for index, entry in enumerate(file.topics):
            wrong = [
                _locate(document, path, query, error)
                for path, query in queries_of(index, entry)
                if (error := _error(query, entities)) is not None
            ]
            problems += wrong
            if not wrong and can_be_looked_up:
                topics.append(_topic(entry, entities))
    return CheckedTopics(topics=tuple(topics), entities=tuple(entities.values()), problems=tuple(problems))


def _misspelt(document: Document, file: TopicsFile, entities: Mapping[str, Entity]) -> Iterator[Problem]:
    for name, spellings in file.entities.items():
        for index, spelling in enumerate(spellings):
            try:
                check_spelling(spelling, name, entities)
            except QueryError as error:
                yield _locate(document, ("entities", name, index), spelling, error)


def queries_of(index: int, entry: TopicEntry) -> Iterator[tuple[KeyPath, str]]:
    """The queries of the topic that stands at `index` in its file, each with its place there."""
    path: KeyPath = ("topics", index)
    yield (*path, "query"), entry.query
    for position, escalation in enumerate(entry.escalate):
        yield (*path, "escalate", position, "query"), escalation.query


def raises(entry: TopicEntry, escalation: EscalationEntry) -> bool:
    """Whether the escalation is louder than its topic; one that is not does nothing."""
    return escalation.severity.rank > entry.severity.rank


def _topic(entry: TopicEntry, entities: Mapping[str, Entity]) -> Topic:
    escalations = tuple(
        Escalation(query=escalation.query, severity=escalation.severity)
        for escalation in entry.escalate
        if raises(entry, escalation)  # what does not raise is left out, so that no escalation can ever quieten a match
    )
    return Topic(
        id=TopicId(entry.id),
        title=entry.title,
        severity=entry.severity,
        query=entry.query,
        version=query_version(entry.query, entities, escalations),
        description=entry.description,
        escalations=escalations,
    )


def _error(query: str, entities: Mapping[str, Entity]) -> QueryError | None:
    try:
        parse_query(query, entities)
    except QueryError as error:
        return error
    return None


def _locate(document: Document, path: KeyPath, query: str, error: QueryError) -> Problem:
    """The error at its line of the file, with the words around it and a caret below the character."""
    node = document.find(path)[2]
    if isinstance(node, Scalar) and node.from_environment:
        return document.problem(path, "this cannot be read; its words come from the environment and are not shown")
    message = f"{error.message}; {error.hint}" if error.hint else error.message
    offset = sum(len(line) + 1 for line in query.split("\n")[: error.line - 1]) + error.column - 1
    place = document.position(path, offset)
    if place is None:
        return document.problem(path, message)
    line, column = place
    written = document.text.splitlines()[line - 1]
    begin = max(len(written) - len(written.lstrip()), column - PICTURE_CHARS_MAX // 2)
    shown = written[begin : begin + PICTURE_CHARS_MAX].rstrip().replace("\t", " ")
    picture = f"\n    {shown}\n    {' ' * (column - begin)}^"
    return Problem(file=document.file, line=line, key=spell_key(path), message=message + picture)


PICTURE_CHARS_MAX = 100
