"""load: a configuration folder and the environment in, the checked Configuration out. The only reader of files and variables.

Reading a file: bytes -> document (YAML with places) -> environment (`${NAME}` filled in) -> section (its pydantic model).
Then the files are held against each other (agreement), and become model values.
"""

import difflib
import re
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import monitor
from monitor.adapters.trust import UnusableFileError, context_of
from monitor.config.agreement import (
    Folder,
    leased_too_short,
    named_twice,
    operated_by_nobody,
    ports_not_allowed,
    routed_nowhere,
)
from monitor.config.alerts import AlertsFile, ReceiverEntry, check_secret
from monitor.config.connection import Connecting, check_password, check_token
from monitor.config.document import FILE_BYTES_MAX, Document, Scalar, UnreadableError, read_document
from monitor.config.doubts import doubts
from monitor.config.environment import fill
from monitor.config.feeds import FeedsFile
from monitor.config.opml import OPML_BYTES_MAX, Outline, read_opml
from monitor.config.problems import ConfigError, KeyPath, Problem
from monitor.config.queries import compile_topics
from monitor.config.section import Section, follow
from monitor.config.settings import SettingsFile
from monitor.config.topics import TopicsFile
from monitor.model.alert import Route
from monitor.model.delivery import Receiver
from monitor.model.feed import Feed
from monitor.model.ids import ReceiverId, TopicId
from monitor.model.secret import Secret
from monitor.model.settings import Configuration, Settings
from monitor.text.redact import VARIABLE

SECRET_FILE_BYTES_MAX = 64 * 2**10

_SECRET_HEADER = re.compile(
    "auth|cookie|key|token|secret|session", re.IGNORECASE
)  # a name that promises a secret value

AnyFile = TypeVar("AnyFile", bound=Section)


def shipped() -> Path:
    """The folder of the shipped configuration: inside the installed package, or `config/` of the checkout."""
    package = Path(monitor.__file__).parent
    installed = package / "shipped"
    return installed if installed.is_dir() else package.parent / "config"


def load(
    folder: Path, environ: Mapping[str, str], *, instead: Mapping[str, bytes] = MappingProxyType({})
) -> Configuration:
    """Read and check `folder`. Raises `ConfigError` with all problems that can be told apart at once.

    `instead`: contents by the name of a file, to be read in its place, before they are written there.
    """
    if not folder.is_dir():
        raise ConfigError([Problem(file=folder, message="there is no such folder; `newsmon init` makes one")])
    return _Loading(folder, environ, instead).load()


class _Loading:
    """One reading of a folder, collecting problems on its way."""

    def __init__(self, folder: Path, environ: Mapping[str, str], instead: Mapping[str, bytes]) -> None:
        self._folder = folder
        self._instead = {folder / name: data for name, data in instead.items()}
        self._environ = environ
        self._problems: list[Problem] = []
        self._warnings: list[Problem] = []

    def load(self) -> Configuration:
        settings = self._read(self._folder / "settings.yaml", SettingsFile)
        feeds = self._with_lists(self._read(self._folder / "feeds.yaml", FeedsFile))
        topic_files = self._topic_files()
        topics = [self._read(file, TopicsFile) for file in topic_files]
        alerts = self._read(self._folder / "alerts.yaml", AlertsFile)
        folder = Folder(
            settings=settings[1] if settings else None,
            feeds=feeds,
            topics=tuple(each for each in topics if each is not None),
            topics_complete=None not in topics,
            alerts=alerts,
        )
        for check in (named_twice, routed_nowhere, operated_by_nobody, ports_not_allowed, leased_too_short):
            self._problems += check(folder)
        compiled = compile_topics(folder.topics) if folder.topics_complete else None
        if compiled is not None:
            self._problems += compiled.problems
        runs = self._settings(*settings) if settings else None
        polled = self._feeds(*feeds) if feeds else ()
        receivers = self._receivers(*alerts) if alerts else ()
        if self._problems or runs is None or feeds is None or alerts is None or compiled is None:
            raise ConfigError(self._problems)
        self._warnings += doubts(folder)
        return Configuration(
            folder=self._folder,
            settings=runs,
            feeds=polled,
            topics=compiled.topics,
            entities=compiled.entities,
            receivers=receivers,
            routes=tuple(
                Route(
                    receiver=ReceiverId(route.receiver),
                    topics=frozenset(TopicId(topic) for topic in route.topics),
                    severities=frozenset(route.severities),
                )
                for route in alerts[1].routes
            ),
            operations=None if alerts[1].operations is None else alerts[1].operations.value(),
            warnings=tuple(str(warning) for warning in sorted(self._warnings)),
        )

    def _read(self, file: Path, model: type[AnyFile]) -> tuple[Document, AnyFile] | None:
        """The document and what it says; None if it is refused."""
        try:
            document = fill(read_document(file, self._bytes(file, FILE_BYTES_MAX)), self._environ)
            return document, follow(model, document)
        except UnreadableError as unreadable:
            self._problems.append(unreadable.problem)
        except ConfigError as error:
            self._problems += error.problems
        return None

    def _with_lists(self, feeds: tuple[Document, FeedsFile] | None) -> tuple[Document, FeedsFile] | None:
        """feeds.yaml with the feeds of the subscription lists that it names; None if one is refused."""
        if feeds is None:
            return None
        document, file = feeds
        outlines: list[Outline] = []
        before = len(self._problems)
        for index, name in enumerate(file.opml):
            path = self._folder / name
            try:
                outlines += read_opml(path, self._bytes(path, OPML_BYTES_MAX))
            except UnreadableError as unreadable:
                self._problems.append(document.problem(("opml", index), f"{path}: {unreadable.problem.message}"))
            except ConfigError as error:
                self._problems += error.problems
        return (document, file.with_outlines(outlines)) if len(self._problems) == before else None

    def _topic_files(self) -> list[Path]:
        folder = self._folder / "topics"
        files = sorted(file for file in folder.glob("*") if file.suffix in {".yaml", ".yml"})
        if not files:
            self._problems.append(Problem(file=folder, message="no topics: this folder needs a *.yaml file with some"))
        return files

    def _bytes(self, file: Path, most: int) -> bytes:
        """The content of a regular file, cut off one byte beyond `most`."""
        if file in self._instead:
            return self._instead[file]
        try:
            if not file.exists():
                close = difflib.get_close_matches(
                    file.name, [each.name for each in file.parent.glob("*")], n=1, cutoff=0.85
                )
                message = "there is no such file" + (f"; is it `{close[0]}`?" if close else "")
                raise UnreadableError(Problem(file=file, message=message))
            if not file.is_file():
                raise UnreadableError(Problem(file=file, message="not a file"))
            with file.open("rb") as opened:
                return opened.read(most + 1)
        except OSError as error:
            raise UnreadableError(Problem(file=file, message=f"cannot be read: {error.strerror}")) from error

    def _settings(self, document: Document, file: SettingsFile) -> Settings:
        self._in_the_open(
            document, ("heartbeat", "proxy_auth", "password"), "`password_file` or `${NAME}` keeps it out"
        )
        return file.settings(
            self._folder.absolute(), lambda path, name: self._secret(document, path, name, check_password)
        )

    def _feeds(self, document: Document, file: FeedsFile) -> tuple[Feed, ...]:
        def read_secret(path: KeyPath, name: str) -> Secret | None:
            return self._secret(document, path, name, check_token if path[-1] == "bearer_file" else check_password)

        for path, section in file.connecting():
            self._tls(document, path, section)
            for name in section.headers:
                if _SECRET_HEADER.search(name):
                    self._in_the_open(document, (*path, "headers", name), "`${NAME}` keeps it out")
            for key in ("basic", "proxy_auth"):
                self._in_the_open(document, (*path, key, "password"), "`password_file` or `${NAME}` keeps it out")
            self._in_the_open(document, (*path, "bearer"), "`bearer_file` or `${NAME}` keeps it out")
        return file.values(self._folder.absolute(), read_secret, lambda path: _written(document, path))

    def _tls(self, document: Document, path: KeyPath, section: Connecting) -> None:
        """Files of certificates and keys are read once, so that a wrong one is told now."""
        if section.tls is None:
            return
        try:
            context_of(section.tls.value(self._folder))
        except UnusableFileError as unusable:
            self._problems.append(document.problem((*path, "tls", unusable.key), unusable.why))

    def _in_the_open(self, document: Document, path: KeyPath, advice: str) -> None:
        taken, _, node = document.find(path)
        if taken == path and not getattr(node, "from_environment", False):
            message = f"the secret itself stands in this file; {advice}"
            self._warnings.append(document.problem(path, message))

    def _receivers(self, document: Document, file: AlertsFile) -> tuple[Receiver, ...]:
        return tuple(self._receiver(document, index, entry) for index, entry in enumerate(file.receivers))

    def _receiver(self, document: Document, index: int, entry: ReceiverEntry) -> Receiver:
        def read_secret(key: str, path: str) -> Secret | None:
            return self._secret(document, ("receivers", index, "webhook", key), path, check_secret)

        for key in ("secret", "previous_secret"):
            path: KeyPath = ("receivers", index, "webhook", key)
            self._in_the_open(document, path, f"`{key}_file` or `${{NAME}}` keeps it out")
        return entry.value(read_secret)

    def _secret(self, document: Document, key: KeyPath, path: str, check: Callable[[str], str]) -> Secret | None:
        """The secret in a file, without the line's end; None if it is refused."""
        file = self._folder / path
        try:
            text = self._bytes(file, SECRET_FILE_BYTES_MAX).decode("utf-8").rstrip("\r\n")
            if not text:
                raise ValueError("the file is empty")  # noqa: TRY301 -- one way out for every refusal
            secret = Secret(check(text))
        except UnreadableError as unreadable:
            self._problems.append(document.problem(key, f"{file}: {unreadable.problem.message}"))
        except UnicodeDecodeError:
            self._problems.append(document.problem(key, f"{file}: not UTF-8"))
        except ValueError as error:
            self._problems.append(document.problem(key, f"{file}: {error}"))
        else:
            if file.stat().st_mode & stat.S_IROTH:
                self._warnings.append(
                    document.problem(key, f"{file} can be read by everybody on this machine; chmod 600")
                )
            return secret
        return None


def _written(document: Document, path: KeyPath) -> str:
    """The text at that place, if it names variables; a feed of a subscription list has no place."""
    taken, _, node = document.find(path)
    written = node.written if taken == path and isinstance(node, Scalar) else ""
    return written if any(found[1] for found in VARIABLE.finditer(written)) else ""
