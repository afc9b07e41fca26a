"""settings: how this installation runs, as configured."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from monitor.model.alert import Operations, Route
from monitor.model.connection import DIRECT, Connection
from monitor.model.delivery import Receiver
from monitor.model.feed import Feed
from monitor.model.secret import Secret
from monitor.model.topic import Entity, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """A loopback or named address to serve on."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PollSettings:
    concurrency: int = 32
    parse_workers: int = 2
    user_agent: str = ""  # empty: the built-in one
    contact: str = ""  # a URL or address that publishers may turn to, in the User-Agent

    @property
    def anonymous(self) -> bool:
        """Whether publishers are not told whom to turn to."""
        return not self.contact and not self.user_agent

    def agent(self, version: str) -> str:
        """What publishers see: the program, its version and whom to turn to (RFC 9110, section 10.1.5)."""
        return self.user_agent or f"newsmon/{version}{f' (+{self.contact})' if self.contact else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySettings:
    schedule: tuple[timedelta, ...]  # pauses between attempts; when they are used up the delivery is dead
    lease: timedelta = timedelta(seconds=60)
    concurrency: int = 8  # per receiver
    interval: timedelta = timedelta(seconds=1)  # how often the outbox is asked where no hint came


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    items: timedelta = timedelta(days=90)
    keys: timedelta = timedelta(days=30)
    delivered: timedelta = timedelta(days=30)
    dead: timedelta = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatSettings:
    url: Secret  # who knows it can say that all is well
    every: timedelta = timedelta(minutes=5)
    allow_private: tuple[str, ...] = ()
    connection: Connection = DIRECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    database: Path
    listen: Listen | None  # health (and later API and pages); None: no listener
    metrics_listen: Listen | None  # a listener of its own for /metrics; None: on `listen`
    instance: str = "newsmon"
    public_url: str = ""
    log_level: str = "info"
    log_format: str = "auto"  # auto: text on a terminal, JSON lines elsewhere; or text, json
    late_after: timedelta = timedelta(hours=24)
    drain: timedelta = timedelta(seconds=30)
    poll: PollSettings = PollSettings()
    delivery: DeliverySettings
    retention: RetentionSettings = RetentionSettings()
    heartbeat: HeartbeatSettings | None = None  # None: nobody outside waits for one


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Everything that one configuration folder says, checked."""

    folder: Path
    settings: Settings
    feeds: tuple[Feed, ...]
    topics: tuple[Topic, ...]
    entities: tuple[Entity, ...]
    receivers: tuple[Receiver, ...]
    routes: tuple[Route, ...]
    operations: Operations | None = None  # None: nobody is told how the feeds fare
    warnings: tuple[str, ...] = ()  # file:line:key and a sentence each
