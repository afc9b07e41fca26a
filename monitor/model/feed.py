"""feed: a URL that is polled, and what is known of its polls."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model.connection import DIRECT, Connection
from monitor.model.ids import FeedId
from monitor.model.poll import Outcome
from monitor.model.secret import Secret


class FirstPoll(StrEnum):
    """What the first poll that yields entries does with them."""

    HOLD = "hold"  # matched, stored and shown, told in one summary
    RECENT = "recent"  # what is younger than `first_poll_recent` alerts, the rest is held
    ALL = "all"  # everything alerts


class FeedWord(StrEnum):
    """How a feed fares, in a word: the closed set of `newsmon_feeds{state}`."""

    OK = "ok"
    FAILING = "failing"
    STALE = "stale"  # no success for three intervals and five minutes
    PAUSED = "paused"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as configured."""

    id: FeedId
    url: str
    publisher: str
    title: str = ""
    tags: tuple[str, ...] = ()
    lang: str = ""  # BCP 47; used where the document names none
    interval: timedelta = timedelta(minutes=10)
    timeout: timedelta = timedelta(seconds=30)
    aggregator: bool = False  # entries belong to other publishers
    first_poll: FirstPoll = FirstPoll.HOLD
    first_poll_recent: timedelta = timedelta(hours=6)
    allow_private: tuple[str, ...] = ()  # CIDRs or host names that may be dialled although they are not public
    headers: tuple[
        tuple[str, Secret], ...
    ] = ()  # for the origin of `url` alone: credentials, and whatever else was written
    connection: Connection = DIRECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What the server gave to ask again with (RFC 9110, section 8.8), byte for byte, and the hash of the body they belong to."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None  # blake2b-128 of the decoded body, hex


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the store knows of a feed. A feed that was never polled has only `next_poll_at`."""

    feed_id: FeedId
    next_poll_at: datetime
    url: str = ""  # the URL that `validators` belong to: another one in the configuration makes them worthless
    validators: Validators = Validators()
    last_poll_at: datetime | None = None
    last_outcome: Outcome | None = None
    last_detail: str = ""  # in words, for a person: "404 Not Found", "the connection was refused"
    last_success_at: datetime | None = None  # 200 that parsed, or 304
    last_new_item_at: datetime | None = None
    document_at: datetime | None = None  # when the document that is listed now was read
    failures: int = 0  # in a row
    interval: timedelta = timedelta(minutes=10)  # in force: the configured one, or longer while backing off
    baseline_at: datetime | None = None  # when the first poll that yielded entries was committed
    gone_since: datetime | None = None  # the first 410 of an unbroken row of them
    gone_count: int = 0
    complaints: tuple[str, ...] = ()  # of the last parsed document
