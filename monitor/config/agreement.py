"""agreement: files that are each valid in themselves in; what contradicts between them out, as problems and warnings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.config.alerts import AlertsFile
from monitor.config.document import Document
from monitor.config.feeds import FeedsFile
from monitor.config.problems import KeyPath, Problem, nearest, spell_key
from monitor.config.settings import SettingsFile
from monitor.config.topics import TopicsFile
from monitor.config.units import spell_duration

COMMON_WORDS = frozenset(
    {"AID", "ACT", "ALL", "CAN", "CARE", "FAST", "ICE", "IT", "MAY", "PACE", "START", "SWIFT", "US", "WHO"}
)
"""Upper-case names that lower-case are words of everyday English."""

_UPPER_WORD = re.compile(r"(?<![\w=@:/*-])[A-Z]{2,}(?![\w*:/-])")
_QUOTED = re.compile('"[^"]*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Where an id is given."""

    id: str
    document: Document
    path: KeyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The files of a folder that could be read; None where one could not, so that nobody complains about what it lacks."""

    settings: SettingsFile | None
    feeds: tuple[Document, FeedsFile] | None
    topics: tuple[tuple[Document, TopicsFile], ...]
    topics_complete: bool
    alerts: tuple[Document, AlertsFile] | None


def named_twice(folder: Folder) -> Iterator[Problem]:
    """Ids are global: one feed, topic, entity or receiver a name, in whichever file."""
    for kind, named in (
        ("feed", _feeds(folder)),
        ("topic", _topics(folder)),
        ("entity", _entities(folder)),
        ("receiver", _receivers(folder)),
    ):
        first: dict[str, Named] = {}
        for each in named:
            known = first.setdefault(each.id, each)
            if known is not each:
                place = known.document.problem(known.path, "")
                yield each.document.problem(
                    each.path, f"the {kind} `{each.id}` is already defined in {place.file.name}, line {place.line}"
                )


def _feeds(folder: Folder) -> Iterator[Named]:
    if folder.feeds is not None:
        document, file = folder.feeds
        for index, entry in enumerate(file.feeds):
            yield Named(id=entry.id, document=document, path=("feeds", index, "id"))


def _topics(folder: Folder) -> Iterator[Named]:
    for document, file in folder.topics:
        for index, entry in enumerate(file.topics):
            yield Named(id=entry.id, document=document, path=("topics", index, "id"))


def _entities(folder: Folder) -> Iterator[Named]:
    for document, file in folder.topics:
        for name in file.entities:
            yield Named(id=name, document=document, path=("entities", name))


def _receivers(folder: Folder) -> Iterator[Named]:
    if folder.alerts is not None:
        document, file = folder.alerts
        for index, entry in enumerate(file.receivers):
            yield Named(id=entry.id, document=document, path=("receivers", index, "id"))


def routed_nowhere(folder: Folder) -> Iterator[Problem]:
    """Routes name receivers and topics that exist."""
    if folder.alerts is None:
        return
    document, file = folder.alerts
    receivers = {entry.id for entry in file.receivers}
    topics = {named.id for named in _topics(folder)}
    for index, route in enumerate(file.routes):
        if route.receiver not in receivers:
            message = f"there is no receiver `{route.receiver}`" + nearest(route.receiver, receivers)
            yield document.problem(("routes", index, "receiver"), message)
        for position, topic in enumerate(route.topics):
            if folder.topics_complete and topic not in topics:
                yield document.problem(
                    ("routes", index, "topics", position), f"there is no topic `{topic}`" + nearest(topic, topics)
                )


def leased_too_short(folder: Folder) -> Iterator[Problem]:
    """A lease outlasts every attempt; otherwise a second sender would take over a delivery that is still under way."""
    if folder.alerts is None or folder.settings is None:
        return
    document, file = folder.alerts
    lease = folder.settings.delivery.lease
    for index, entry in enumerate(file.receivers):
        if entry.webhook is not None and entry.webhook.timeout >= lease:
            yield document.problem(
                ("receivers", index, "webhook", "timeout"),
                f"expected less than delivery.lease, which is {spell_duration(lease)} (settings.yaml)",
            )


def doubts(folder: Folder) -> Iterator[Problem]:
    """What is allowed, but probably not meant. Asks for a folder without problems."""
    yield from _doubts_about_feeds(folder)
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


def _doubts_about_queries(folder: Folder) -> Iterator[Problem]:
    for document, file in folder.topics:
        for index, entry in enumerate(file.topics):
            path: KeyPath = ("topics", index, "query")
            unquoted = _QUOTED.sub(lambda found: " " * len(found[0]), entry.query)
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


def _doubts_about_routes(folder: Folder) -> Iterator[Problem]:
    if folder.alerts is None:
        return
    document, file = folder.alerts
    if not file.receivers:
        yield Problem(file=document.file, message="no receiver: nobody will be told")
        return
    used = {route.receiver for route in file.routes}
    for index, receiver in enumerate(file.receivers):
        if receiver.id not in used:
            message = f"no route leads to the receiver `{receiver.id}`"
            yield document.problem(("receivers", index, "id"), message)
    if not file.routes:
        return
    for topic_document, topics_file in folder.topics:
        for index, topic in enumerate(topics_file.topics):
            if not any(
                (not route.topics or topic.id in route.topics)
                and (not route.severities or topic.severity in route.severities)
                for route in file.routes
            ):
                yield topic_document.problem(
                    ("topics", index, "id"), f"no route takes the topic `{topic.id}` ({topic.severity})"
                )
