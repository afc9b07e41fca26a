"""settings: settings.yaml, how this installation runs."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from monitor.config.connection import Proxied, ReadSecret
from monitor.config.names import Contact, HeaderText, Line, Private, Url, is_loopback, read_listen
from monitor.config.section import Section
from monitor.config.units import Duration
from monitor.model.connection import Connection
from monitor.model.secret import Secret
from monitor.model.settings import (
    DeliverySettings,
    HeartbeatSettings,
    Listen,
    PollSettings,
    RetentionSettings,
    Settings,
)

_OFF = "off"


def _listen(value: object) -> Listen | None:
    if not isinstance(value, str):
        raise ValueError("expected host:port, such as 127.0.0.1:8787, or off")  # noqa: TRY004 -- pydantic's way
    return None if value == _OFF else read_listen(value)


def _loopback(listen: Listen | None) -> Listen | None:
    if listen is not None and not is_loopback(listen):
        raise ValueError(
            "only a loopback address, such as 127.0.0.1:8787: this door has no lock; metrics.listen may be open"
        )
    return listen


def _database(text: str) -> str:
    if not text.strip() or "\0" in text or "://" in text:
        raise ValueError("expected the path of an SQLite file")
    return text


_LISTEN_SCHEMA = WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8787", _OFF]})
AnyListen = Annotated[Listen | None, PlainValidator(_listen), _LISTEN_SCHEMA]
LoopbackListen = Annotated[Listen | None, PlainValidator(_listen), AfterValidator(_loopback), _LISTEN_SCHEMA]


class Web(Section):
    """The door for health checks."""

    listen: LoopbackListen = Field(default=Listen(host="127.0.0.1", port=8787))
    """Where health (and /metrics, unless it has a door of its own) is served: a loopback address, or `off`."""


class Metrics(Section):
    """A door of its own for Prometheus."""

    listen: AnyListen = None
    """An address for /metrics alone; any address may be given, as nothing else is shown there. `off`: on `web.listen`."""


class Logs(Section):
    """What newsmon says while it runs."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """`debug` adds a line per poll."""
    format: Literal["auto", "text", "json"] = "auto"
    """`auto`: text on a terminal, JSON lines elsewhere."""


class Alerts(Section):
    """What counts as news."""

    late_after: Annotated[timedelta, Duration("1h", "30d")] = timedelta(hours=24)
    """An item published longer ago than this when it is first seen is `late`."""


class Poll(Section):
    """How feeds are fetched and read."""

    concurrency: Annotated[int, Field(ge=1, le=512)] = 32
    """Feeds fetched at the same time; never two of one host."""
    parse_workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Processes that read documents."""
    user_agent: HeaderText = ""
    """What newsmon calls itself; empty: its own name and version."""
    contact: Contact = ""
    """A page or mail address of yours where publishers reach you: what newsmon calls itself ends with it."""


class Delivery(Section):
    """How alerts are sent."""

    schedule: Annotated[
        tuple[Annotated[timedelta, Duration("100ms", "7d")], ...], Field(min_length=1, max_length=50)
    ] = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
    """Pauses between the attempts; after the last one the delivery is dead (`newsmon deliveries replay`)."""
    lease: Annotated[timedelta, Duration("1s", "1h")] = timedelta(seconds=60)
    """How long a claimed delivery belongs to whoever sends it; longer than every receiver's timeout."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    """Deliveries under way at the same time, per receiver."""
    interval: Annotated[timedelta, Duration("50ms", "1m")] = timedelta(seconds=1)
    """How often the outbox is asked where nothing hinted at new rows."""
    drain: Annotated[timedelta, Duration("0s", "10m")] = timedelta(seconds=30)
    """How long a stop waits for what is under way."""


class Retention(Section):
    """How long things are kept."""

    items: Annotated[timedelta, Duration("1d", "3650d")] = timedelta(days=90)
    """Items and their matches."""
    keys: Annotated[timedelta, Duration("1d", "3650d")] = timedelta(days=30)
    """What recognises an entry again, after its feed listed it last."""
    delivered: Annotated[timedelta, Duration("1d", "3650d")] = timedelta(days=30)
    """Deliveries that arrived."""
    dead: Annotated[timedelta, Duration("1d", "3650d")] = timedelta(days=180)
    """Deliveries that were given up."""


class Heartbeat(Proxied):
    """A watcher elsewhere, such as healthchecks.io, that raises the alarm when newsmon no longer calls it."""

    url: Url = Field(repr=False)
    """What is called, with GET. It is a secret, so better `${NAME}` of an environment variable."""
    every: Annotated[timedelta, Duration("5s", "1d")] = timedelta(minutes=5)
    """How often. Nothing is called while newsmon does not poll, cannot write, or has deliveries that wait longer than 10 minutes."""
    allow_private: Annotated[tuple[Private, ...], Field(max_length=100)] = ()
    """Networks, addresses or host names that the watcher may be reached at although they are not public."""

    def value(self, read: ReadSecret) -> HeartbeatSettings:
        """The same as a model value."""
        return HeartbeatSettings(
            url=Secret(self.url),
            every=self.every,
            allow_private=self.allow_private,
            connection=Connection(proxy=self.through(read, ("heartbeat",))),
        )


class SettingsFile(Section):
    """How this installation of newsmon runs. Every key has a default."""

    instance: Line = "newsmon"
    """The name of this installation in alerts."""
    public_url: Url | None = None
    """Where people reach this installation; left out: alerts carry no links to it."""
    database: Annotated[str, AfterValidator(_database)] = "newsmon.sqlite"
    """An SQLite file, relative to the configuration folder."""
    web: Web = Web()
    metrics: Metrics = Metrics()
    logs: Logs = Logs()
    alerts: Alerts = Alerts()
    poll: Poll = Poll()
    delivery: Delivery = Delivery()
    retention: Retention = Retention()
    heartbeat: Heartbeat | None = None
    """Left out: nobody elsewhere watches whether newsmon is well."""

    def settings(self, folder: Path, read: ReadSecret) -> Settings:
        """The same as a model value; paths are taken from `folder`, and `read` is asked for secret files."""
        return Settings(
            database=folder / self.database,
            listen=self.web.listen,
            metrics_listen=self.metrics.listen,
            instance=self.instance,
            public_url=self.public_url or "",
            log_level=self.logs.level,
            log_format=self.logs.format,
            late_after=self.alerts.late_after,
            drain=self.delivery.drain,
            poll=PollSettings(
                concurrency=self.poll.concurrency,
                parse_workers=self.poll.parse_workers,
                user_agent=self.poll.user_agent,
                contact=self.poll.contact,
            ),
            delivery=DeliverySettings(
                schedule=self.delivery.schedule,
                lease=self.delivery.lease,
                concurrency=self.delivery.concurrency,
                interval=self.delivery.interval,
            ),
            retention=RetentionSettings(
                items=self.retention.items,
                keys=self.retention.keys,
                delivered=self.retention.delivered,
                dead=self.retention.dead,
            ),
            heartbeat=None if self.heartbeat is None else self.heartbeat.value(read),
        )
