"""alerts: alerts.yaml, where alerts go (receivers) and which ones (routes)."""

import base64
import binascii
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from monitor.config.names import HeaderValue, Line, Ports, Private, Slug, UrlOnAnyPort, check_header_name
from monitor.config.section import Section, SeverityWord
from monitor.config.units import Duration
from monitor.model.alert import Operations
from monitor.model.delivery import Receiver, ReceiverKind
from monitor.model.ids import ReceiverId
from monitor.model.secret import Secret

HEADERS_MAX = 20
SECRET_PREFIX = "whsec_"  # noqa: S105 -- how every secret begins
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64  # Standard Webhooks 1.0.0, "Signature scheme"

_OURS = frozenset(
    {"webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length", "content-encoding"}
    | {"host", "connection", "transfer-encoding", "te", "trailer", "upgrade", "expect", "keep-alive"}
)


def check_secret(text: str) -> str:
    """A symmetric secret of Standard Webhooks."""
    if not text.startswith(SECRET_PREFIX):
        raise ValueError(f"expected a secret that begins with {SECRET_PREFIX} (`newsmon init` makes one)")
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError(f"what follows {SECRET_PREFIX} is not base64") from None
    if not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        raise ValueError(
            f"expected {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes after {SECRET_PREFIX}, found {len(key)}"
        )
    return text


def _header_name(name: str) -> str:
    return check_header_name(name, _OURS)


class Webhook(Section):
    """A signed POST by Standard Webhooks 1.0.0."""

    url: UrlOnAnyPort
    secret: Annotated[str, AfterValidator(check_secret)] | None = Field(default=None, repr=False)
    """The signing secret, as `${NAME}` of an environment variable."""
    secret_file: Line | None = None
    """The file that holds the signing secret, relative to the configuration folder."""
    previous_secret: Annotated[str, AfterValidator(check_secret)] | None = Field(default=None, repr=False)
    """While a receiver changes over to a new secret: the old one. Both sign."""
    previous_secret_file: Line | None = None
    headers: Annotated[
        dict[Annotated[str, AfterValidator(_header_name)], HeaderValue],
        Field(max_length=HEADERS_MAX),
    ] = Field(default_factory=dict, repr=False)
    """Further headers; a secret one as `${NAME}`."""
    timeout: Annotated[timedelta, Duration("100ms", "30s")] = timedelta(seconds=15)
    """How long one attempt may take."""

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("give the signing secret either as `secret_file: PATH` or as `secret: ${NAME}`")
        if self.previous_secret is not None and self.previous_secret_file is not None:
            raise ValueError("give either `previous_secret` or `previous_secret_file`")
        return self


class Log(Section):
    """Alerts as lines of newsmon's own log."""


class ReceiverEntry(Section):
    """A place where alerts go: a webhook, or the log."""

    id: Slug
    """Its name for good: what was delivered is known by it."""
    webhook: Webhook | None = None
    log: Log | None = None
    allow_private: Annotated[tuple[Private, ...], Field(max_length=100)] = ()
    """Networks, addresses or host names that this receiver may be reached at although they are not public."""
    allow_ports: Ports = ()
    """Ports that this receiver may be reached on although other protocols are spoken there."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.webhook is None) == (self.log is None):
            raise ValueError("a receiver has exactly one kind: `webhook: {…}` or `log: {}`")
        return self

    def value(self, read_secret: Callable[[str, str], Secret | None]) -> Receiver:
        """The same as a model value. `read_secret(key, path)` reads a secret file; None if it was refused."""
        if self.webhook is None:
            return Receiver(id=ReceiverId(self.id), kind=ReceiverKind.LOG, allow_private=self.allow_private)
        hook = self.webhook
        given = (
            Secret(hook.secret) if hook.secret else None,
            read_secret("secret_file", hook.secret_file) if hook.secret_file else None,
            Secret(hook.previous_secret) if hook.previous_secret else None,
            read_secret("previous_secret_file", hook.previous_secret_file) if hook.previous_secret_file else None,
        )
        return Receiver(
            id=ReceiverId(self.id),
            kind=ReceiverKind.WEBHOOK,
            url=hook.url,
            secrets=tuple(secret for secret in given if secret is not None),
            headers=tuple((name, Secret(value)) for name, value in hook.headers.items()),
            timeout=hook.timeout,
            allow_private=self.allow_private,
            allow_ports=self.allow_ports,
        )


class RouteEntry(Section):
    """Which alerts a receiver takes."""

    receiver: Slug
    severities: Annotated[tuple[SeverityWord, ...], Field(min_length=1)] = ()
    """Only these severities; left out: all."""
    topics: Annotated[tuple[Slug, ...], Field(min_length=1)] = ()
    """Only these topics; left out: all."""


class OperationsEntry(Section):
    """Who is told how newsmon itself fares: a feed that fails, falls silent, is gone, or loses items."""

    receiver: Slug
    """The receiver that is told."""
    fallback: Slug | None = None
    """Another receiver, told while the first one is disabled because it answered 410 again and again."""

    def value(self) -> Operations:
        """The same as a model value."""
        fallback = None if self.fallback is None else ReceiverId(self.fallback)
        return Operations(receiver=ReceiverId(self.receiver), fallback=fallback)


class AlertsFile(Section):
    """Where alerts go. An alert reaches every receiver that one of its routes names, once."""

    receivers: tuple[ReceiverEntry, ...] = ()
    routes: tuple[RouteEntry, ...] = ()
    operations: OperationsEntry | None = None
    """Left out: nobody is told how newsmon itself fares."""
