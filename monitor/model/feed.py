"""feed: a URL that is polled, and what is known of its polls."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model.connection import DIRECT, Connection
from monitor.model.ids import FeedId
from monitor.model.poll import Outcome, Validators
from monitor.model.secret import Secret

PACE_MAX = timedelta(minutes=30)  # the longest pause between polls of a healthy feed whose interval is not written
MOVED_COUNT = 3  # polls in a row that permanent redirects led to the same place
READ_WHOLE_EVERY = timedelta(
    days=1
)  # at least, also where all that is new could be found without: what a feed lists is kept by it


class FirstPoll(StrEnum):
    """What the first poll that yields entries does with them."""

    HOLD = "hold"  # matched, stored and shown, told in one summary
    RECENT = "recent"  # what is younger than `first_poll_recent` alerts, the rest is held
    ALL = "all"  # everything alerts


class FeedWord(StrEnum):
    """How a feed fares, in a word: the closed set of `newsmon_feeds{state}`."""

    OK = "ok"
    FAILING = "failing"
    STALE = "stale"  # no success for three intervals and five minutes, or nothing new for far longer than ever before
    PAUSED = "paused"
    GONE = "gone"


class Pace(StrEnum):
    """Why a feed is polled as often as it is."""

    NEW = "new"  # nothing is known of it yet
    CONFIGURED = "configured"  # the interval that is written
    LEARNED = "learned"  # as often as about every second poll brings something
    BUSY = "busy"  # so much of a document was new that the next one might have lost items
    ROLLED_OFF = "rolled_off"  # items may have been lost: nothing of a document was known
    HINT = "hint"  # the publisher asks for that pause
    FAILING = "failing"  # backing off, for what passes by itself
    REFUSED = "refused"  # backing off, for what somebody must mend
    THROTTLED = "throttled"  # asked for too often, or told when to come back
    GONE = "gone"
    OFFLINE = "offline"  # our own network is down: backing off from nobody


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as configured."""

    id: FeedId
    url: str
    publisher: str
    written: str = ""  # the URL as feeds.yaml spells it, where that names variables: only this may be shown
    title: str = ""
    tags: tuple[str, ...] = ()
    lang: str = ""  # BCP 47; used where the document names none
    interval: timedelta | None = None  # a promise: never longer while all is well; None: learned
    min_interval: timedelta = timedelta(minutes=1)  # learning goes no further down
    timeout: timedelta = timedelta(seconds=30)
    aggregator: bool = False  # entries belong to other publishers
    first_poll: FirstPoll = FirstPoll.HOLD
    first_poll_recent: timedelta = timedelta(hours=6)
    allow_private: tuple[str, ...] = ()  # CIDRs or host names that may be dialled although they are not public
    headers: tuple[tuple[str, Secret], ...] = ()  # for the origin of `url` alone; may be credentials
    connection: Connection = DIRECT

    @property
    def interval_max(self) -> timedelta:
        """The longest pause between polls while all is well."""
        return PACE_MAX if self.interval is None else self.interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What its polls have taught about a feed's pace."""

    pace: timedelta | None = None  # how often to poll; None: nothing is known yet
    hint: timedelta | None = None  # the pause that its last document asks for
    skip: str = ""  # when that document asks nobody to come, in words; shown, not obeyed
    overlap: float | None = None  # the share of the last document's entries that the feed had listed before
    listed: int = 0  # entries of the last document
    rolled_off_at: datetime | None = None  # the last time that items may have been lost between two polls
    rolloffs: int = 0  # how often that was
    longest_gap: timedelta | None = None  # between two polls that brought something new; old gaps fade
    gaps: int = 0  # how many it was learned from


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What the store knows of a feed. A feed that was never polled has only `next_poll_at`."""

    feed_id: FeedId
    next_poll_at: datetime
    url: str = ""  # the URL that `validators` belong to: another one in the configuration makes them worthless
    validators: Validators = field(default_factory=Validators)
    last_poll_at: datetime | None = None
    last_outcome: Outcome | None = None
    last_detail: str = ""  # in words, for a person: "404 Not Found", "the connection was refused"
    last_success_at: datetime | None = None  # 200 that parsed, or 304
    last_new_item_at: datetime | None = None
    document_at: datetime | None = (
        None  # when a document was last read whole: all that is listed now was listed then, or since
    )
    full_at: datetime | None = None  # the last 200
    failures: int = 0  # in a row
    interval: timedelta = PACE_MAX  # in force
    pace: Pace = Pace.NEW  # why it is that
    learned: Learned = Learned()
    moved_to: str = ""  # where permanent redirects led at the last poll
    moved_count: int = 0  # in a row, to that same URL
    paused_at: datetime | None = None  # by a person, until a person resumes it
    baseline_at: datetime | None = None  # when the first poll that yielded entries was committed
    gone_since: datetime | None = None  # the first 410 of an unbroken row of them
    gone_count: int = 0
    complaints: tuple[str, ...] = ()  # of the last parsed document
    told: FeedWord = FeedWord.OK  # the state that operations were last told of

    @property
    def moved(self) -> str:
        """Where the feed is asked instead of its configured URL: permanent redirects have led there again and again; '' if none have."""
        return self.moved_to if self.moved_count >= MOVED_COUNT else ""
