"""delivery: alert x receiver, a row of the outbox until it is done or dead."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model.alert import Alert
from monitor.model.ids import DeliveryId, ReceiverId
from monitor.model.secret import Secret


class ReceiverKind(StrEnum):
    WEBHOOK = "webhook"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where alerts go. `secrets` sign in this order: the new one first while rotating."""

    id: ReceiverId
    kind: ReceiverKind
    url: str = ""
    secrets: tuple[Secret, ...] = ()
    headers: tuple[tuple[str, Secret], ...] = ()
    timeout: timedelta = timedelta(seconds=15)
    allow_private: tuple[str, ...] = ()
    allow_ports: tuple[int, ...] = ()  # where HTTP is not spoken as a rule


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


class Attempt(StrEnum):
    """How one attempt ended: the closed set of `newsmon_delivery_attempts_total{outcome}`."""

    OK = "ok"
    HTTP_3XX = "http_3xx"
    HTTP_4XX = "http_4xx"
    HTTP_5XX = "http_5xx"
    RATE_LIMITED = "rate_limited"
    GONE = "gone"
    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"
    TLS_ERROR = "tls_error"
    BLOCKED = "blocked"
    TEMPLATE_ERROR = "template_error"


class Death(StrEnum):
    """Why a delivery was given up: the closed set of `newsmon_deliveries_dead_total{reason}`."""

    EXPIRED = "expired"
    GONE = "gone"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A row of the outbox, as its history stands before the next attempt."""

    id: DeliveryId
    receiver_id: ReceiverId
    alert: Alert
    sequence: int | None  # per receiver, without gaps; test events have none
    state: DeliveryState
    attempts: int  # made so far since it was created or last replayed
    created_at: datetime
    next_attempt_at: datetime
    claim: str | None = None  # the fencing token of whoever sends it now


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A POST to send."""

    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    timeout: timedelta
    allow_private: tuple[str, ...] = ()
    allow_ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of an attempt. `status` is None where there was no answer; then `outcome` and `detail` tell why."""

    outcome: Attempt
    detail: str = ""
    status: int | None = None
    retry_after: timedelta | None = None
    body: str = ""  # the first 4 kB of the answer, as text on one line
    elapsed: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an answer means for its delivery and its receiver."""

    state: DeliveryState
    next_attempt_at: datetime | None = None  # while pending
    death: Death | None = None  # if dead
    receiver_pause_until: datetime | None = None  # the whole receiver asked for a pause (429, 503 with Retry-After)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """One line of a delivery's history."""

    number: int
    at: datetime
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverState:
    """What the store knows of a receiver."""

    receiver_id: ReceiverId
    last_sequence: int = 0
    paused_until: datetime | None = None
    gone_since: datetime | None = None  # the first 410 of an unbroken row of them
    gone_count: int = 0
    disabled_at: datetime | None = None
    failures: int = 0  # attempts in a row
    last_success_at: datetime | None = None
