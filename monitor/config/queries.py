"""queries: the topic files in, compiled-and-versioned topics and their entities out, or the query errors at their place."""

from dataclasses import dataclass

from monitor.config.document import Document, Scalar
from monitor.config.problems import KeyPath, Problem, spell_key
from monitor.config.topics import TopicEntry, TopicsFile
from monitor.model.ids import TopicId
from monitor.model.topic import Entity, Topic
from monitor.steps.match import QueryError, parse_query, query_version


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
    problems: list[Problem] = []
    for document, file in files:
        for index, entry in enumerate(file.topics):
            try:
                parse_query(entry.query, entities)
            except QueryError as error:
                problems.append(_locate(document, ("topics", index, "query"), entry, error))
            else:
                topics.append(
                    Topic(
                        id=TopicId(entry.id),
                        title=entry.title,
                        severity=entry.severity,
                        query=entry.query,
                        version=query_version(entry.query, entities),
                        description=entry.description,
                    )
                )
    return CheckedTopics(topics=tuple(topics), entities=tuple(entities.values()), problems=tuple(problems))


def _locate(document: Document, path: KeyPath, entry: TopicEntry, error: QueryError) -> Problem:
    """The error at its line of the file, with the words around it and a caret below the character."""
    node = document.find(path)[2]
    if isinstance(node, Scalar) and node.from_environment:
        return document.problem(path, "the query cannot be read; its words come from the environment and are not shown")
    message = f"{error.message}; {error.hint}" if error.hint else error.message
    offset = sum(len(line) + 1 for line in entry.query.split("\n")[: error.line - 1]) + error.column - 1
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
