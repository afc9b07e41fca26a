"""agreement: files that are each valid in themselves in; what contradicts between them out, as problems."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from monitor.config.alerts import AlertsFile
from monitor.config.document import Document
from monitor.config.feeds import FeedsFile
from monitor.config.problems import KeyPath, Problem, nearest
from monitor.config.settings import SettingsFile
from monitor.config.topics import TopicsFile
from monitor.config.units import spell_duration
from monitor.text.http import is_web_port


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


def operated_by_nobody(folder: Folder) -> Iterator[Problem]:
    """Who is told how newsmon fares exists, and who stands in is somebody else."""
    if folder.alerts is None or folder.alerts[1].operations is None:
        return
    document, file = folder.alerts
    operations = folder.alerts[1].operations
    receivers = {entry.id for entry in file.receivers}
    for key, named in (("receiver", operations.receiver), ("fallback", operations.fallback)):
        if named is not None and named not in receivers:
            yield document.problem(("operations", key), f"there is no receiver `{named}`" + nearest(named, receivers))
    if operations.fallback == operations.receiver:
        message = f"expected another receiver than `{operations.receiver}`, which it stands in for"
        yield document.problem(("operations", "fallback"), message)


def ports_not_allowed(folder: Folder) -> Iterator[Problem]:
    """A port where HTTP is not spoken as a rule is asked only where that is meant."""
    for document, path, url, allowed in _asked(folder):
        port = urlsplit(url).port
        if port is not None and not is_web_port(port, allowed):
            message = "this port is not for HTTP as a rule; `allow_ports` with it says that it is here"
            yield document.problem(path, message)


def _asked(folder: Folder) -> Iterator[tuple[Document, KeyPath, str, tuple[int, ...]]]:
    """The URL of every feed and receiver, and the ports that it names."""
    if folder.feeds is not None:
        document, feeds = folder.feeds
        for index, feed in enumerate(feeds.feeds):
            yield document, ("feeds", index, "url"), feed.url, feed.allow_ports
    if folder.alerts is not None:
        document, alerts = folder.alerts
        for index, receiver in enumerate(alerts.receivers):
            if receiver.webhook is not None:
                path: KeyPath = ("receivers", index, "webhook", "url")
                yield document, path, receiver.webhook.url, receiver.allow_ports


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
