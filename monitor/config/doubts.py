"""doubts: a folder without problems in; what is allowed there, but probably not meant, out as warnings."""

import re
from collections.abc import Iterator

from monitor.config.agreement import Folder
from monitor.config.problems import KeyPath, Problem, spell_key

COMMON_WORDS = frozenset(
    {"AID", "ACT", "ALL", "CAN", "CARE", "FAST", "ICE", "IT", "MAY", "PACE", "START", "SWIFT", "US", "WHO"}
)
"""Upper-case names that lower-case are words of everyday English."""

_UPPER_WORD = re.compile(r"(?<![\w=@:/*-])[A-Z]{2,}(?![\w*:/-])")
_QUOTED = re.compile('"[^"]*"')


def doubts(folder: Folder) -> Iterator[Problem]:
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
