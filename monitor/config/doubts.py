"""doubts: a folder without problems in; what is allowed there, but probably not meant, out as warnings."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.config.agreement import Folder
from monitor.config.alerts import AlertsFile
from monitor.config.document import Document
from monitor.config.inflection import one_form_only
from monitor.config.problems import KeyPath, Problem, nearest, spell_key
from monitor.config.queries import queries_of, raises
from monitor.config.topics import TopicEntry
from monitor.model.severity import Severity
from monitor.model.topic import Entity
from monitor.steps.match import filters_of, parse_query

NAMED_MAX = 5  # topics in one line

COMMON_WORDS = frozenset(
    {"AID", "ACT", "ALL", "CAN", "CARE", "FAST", "ICE", "IT", "MAY", "PACE", "START", "SWIFT", "US", "WHO"}
)
"""Upper-case names that lower-case are words of everyday English."""

_ORIGINS = {"feed": "id", "publisher": "publisher", "tag": "tag"}  # the filters, and what they ask of a feed
_UPPER_WORD = re.compile(r"(?<![\w=@:/*-])[A-Z]{2,}(?![\w*:/-])")
_QUOTED = re.compile('"[^"]*"')


def doubts(folder: Folder) -> Iterator[Problem]:
    yield from _doubts_about_feeds(folder)
    yield from _doubts_about_connections(folder)
    yield from _doubts_about_spellings(folder)
    yield from _doubts_about_queries(folder)
    yield from _doubts_about_routes(folder)


def _doubts_about_feeds(folder: Folder) -> Iterator[Problem]:
    if folder.feeds is None:
        return
    document, file = folder.feeds
    if not file.feeds:
        yield document.problem(("feeds",), "no feed: nothing will be polled")
    first: dict[str, str] = {}
    for index, entry in enumerate(file.feeds):
        known = first.setdefault(entry.url, entry.id)
        if known != entry.id:
            yield document.problem(("feeds", index, "url"), f"the feed `{known}` has the same URL")


def _doubts_about_connections(folder: Folder) -> Iterator[Problem]:
    if folder.feeds is None:
        return
    document, file = folder.feeds
    for path, section in file.connecting():
        if section.tls is not None and not section.tls.verify:
            yield document.problem(
                (*path, "tls", "verify"),
                "no certificate is checked: whoever is in between can read and write this feed; a `ca_file` makes it safe",
            )
    for index, entry in enumerate(file.feeds):
        given = [key for key in ("basic", "bearer", "bearer_file") if getattr(entry, key) is not None]
        if given and entry.url.lower().startswith("http:") and not entry.allow_private:
            message = "sent over http, where everybody on the way can read it; is there an https URL?"
            yield document.problem(("feeds", index, given[0]), message)


def _doubts_about_spellings(folder: Folder) -> Iterator[Problem]:
    for document, file in folder.topics:
        for name, spellings in file.entities.items():
            for index, forms in one_form_only(spellings):
                yield document.problem(
                    ("entities", name, index),
                    f"`{spellings[index]}` is found in this form only, but Ukrainian, Russian and Polish change the endings "
                    f"of names: write {forms}, or add the other forms",
                )


def _doubts_about_queries(folder: Folder) -> Iterator[Problem]:
    for document, file in folder.topics:
        for index, entry in enumerate(file.topics):
            for path, query in queries_of(index, entry):
                yield from _common_words(document, path, query)
                yield from _unknown_origins(folder, document, path, query)
            for position, escalation in enumerate(entry.escalate):
                if not raises(entry, escalation):
                    yield document.problem(
                        ("topics", index, "escalate", position, "severity"),
                        f"`{escalation.severity}` does not raise the topic `{entry.id}`, which is {entry.severity}: "
                        "this escalation does nothing",
                    )


def _common_words(document: Document, path: KeyPath, query: str) -> Iterator[Problem]:
    unquoted = _QUOTED.sub(lambda found: " " * len(found[0]), query)
    for found in _UPPER_WORD.finditer(unquoted):
        if found[0] in COMMON_WORDS:
            place = document.position(path, found.start())
            line = place[0] if place else document.problem(path, "").line
            yield Problem(
                file=document.file,
                line=line,
                key=spell_key(path),
                message=f"`{found[0]}` also matches the common word `{found[0].lower()}`; write `={found[0]}` for this case only",
            )


def _unknown_origins(folder: Folder, document: Document, path: KeyPath, query: str) -> Iterator[Problem]:
    """Filters that no feed of the configuration can pass."""
    if folder.feeds is None:
        return
    feeds = folder.feeds[1].feeds
    known = {"feed": {feed.id for feed in feeds}, "tag": {tag for feed in feeds for tag in feed.tags}}
    if not any(feed.aggregator for feed in feeds):  # the entries of an aggregator name their own publishers
        known["publisher"] = {feed.publisher for feed in feeds}
    for found in filters_of(parse_query(query, {name: Entity(name=name, spellings=()) for name in _entities(folder)})):
        names = known.get(found.name)
        if names is None or found.value.casefold() in {name.casefold() for name in names}:
            continue
        place = document.position(path, found.at)
        yield Problem(
            file=document.file,
            line=place[0] if place else document.problem(path, "").line,
            key=spell_key(path),
            message=f"no feed has the {_ORIGINS[found.name]} `{found.value}`{nearest(found.value, names)}",
        )


def _entities(folder: Folder) -> Iterator[str]:
    for _, file in folder.topics:
        yield from file.entities


def _doubts_about_routes(folder: Folder) -> Iterator[Problem]:
    if folder.alerts is None:
        return
    document, file = folder.alerts
    if not file.receivers:
        yield Problem(file=document.file, message="no receiver: nobody will be told")
        return
    if file.operations is None:
        message = "no `operations`: nobody is told when a feed fails or falls silent; add `operations: {receiver: …}`"
        yield Problem(file=document.file, message=message)
    used: set[str | None] = {route.receiver for route in file.routes}
    if used and file.operations is not None:
        used |= {file.operations.receiver, file.operations.fallback}
    for index, receiver in enumerate(file.receivers):
        if receiver.id not in used:
            message = f"no route leads to the receiver `{receiver.id}`"
            yield document.problem(("receivers", index, "id"), message)
    if not file.routes:
        return
    found = [
        each
        for topic_document, topics_file in folder.topics
        for index, topic in enumerate(topics_file.topics)
        for each in _told_nobody(topic_document, index, topic, file)
    ]
    for kind, several in _SEVERAL.items():
        alike = [each for each in found if each.kind is kind]
        if len(alike) <= 1:
            yield from (each.problem for each in alike)
        else:
            names = [each.name for each in alike]
            yield document.problem(("routes",), several.format(count=len(names), names=_listed(names)))


class _Unheard(StrEnum):
    """What of a topic no route takes."""

    TOPIC = "topic"
    ALL_BUT_ESCALATIONS = "all_but_escalations"
    ESCALATION = "escalation"


_SEVERAL = {  # one line for all of a kind: a start that prints a hundred is read by nobody
    _Unheard.TOPIC: "no route takes {count} topics: {names}",
    _Unheard.ALL_BUT_ESCALATIONS: "no route takes {count} topics, of which escalations alone are told: {names}",
    _Unheard.ESCALATION: "what escalates is told nobody, for no route takes {names}; add the severities to one",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToldNobody:
    kind: _Unheard
    name: str  # of the topic, as it is listed among others
    problem: Problem  # where it is the only one of its kind


def _listed(names: Sequence[str]) -> str:
    more = [f"and {len(names) - NAMED_MAX} more"] if len(names) > NAMED_MAX else []
    return ", ".join([*names[:NAMED_MAX], *more])


def _told_nobody(document: Document, index: int, topic: TopicEntry, alerts: AlertsFile) -> Iterator[_ToldNobody]:
    """A topic that no route takes at its severity, and an escalation that would take it out of every route."""

    def taken(severity: Severity) -> bool:
        return any(
            (not route.topics or topic.id in route.topics) and (not route.severities or severity in route.severities)
            for route in alerts.routes
        )

    louder = [(at, each.severity) for at, each in enumerate(topic.escalate) if raises(topic, each)]
    told = {severity: taken(severity) for severity in Severity}
    if not told[topic.severity]:
        message = f"no route takes the topic `{topic.id}` ({topic.severity})"
        words = ", ".join(severity for severity in Severity if severity in {each for _, each in louder if told[each]})
        message += f"; only its escalations ({words}) are told" if words else ""
        yield _ToldNobody(
            kind=_Unheard.ALL_BUT_ESCALATIONS if words else _Unheard.TOPIC,
            name=f"`{topic.id}` ({topic.severity})",
            problem=document.problem(("topics", index, "id"), message),
        )
    for position, severity in louder:
        if told[topic.severity] and not told[severity]:
            message = (
                f"no route takes the topic `{topic.id}` at {severity}: what escalates is told nobody; "
                f"add {severity} to the severities of a route"
            )
            yield _ToldNobody(
                kind=_Unheard.ESCALATION,
                name=f"`{topic.id}` at {severity}",
                problem=document.problem(("topics", index, "escalate", position, "severity"), message),
            )
