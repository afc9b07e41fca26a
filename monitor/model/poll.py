"""poll: one conditional GET of one feed and what followed from it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.model.connection import DIRECT, Connection


class Outcome(StrEnum):
    """How a poll ended: one word each, the same in logs, metrics, the store and `newsmon explain`."""

    NEW = "new"  # a 200 whose body differs from the last one and was parsed
    NOT_MODIFIED = "not_modified"  # 304
    UNCHANGED = "unchanged"  # a 200 with the same body as last time
    HTTP_ERROR = "http_error"
    NETWORK_ERROR = "network_error"
    TLS_ERROR = "tls_error"
    TIMEOUT = "timeout"
    PARSE_ERROR = "parse_error"
    TOO_LARGE = "too_large"
    DECODE_ERROR = "decode_error"
    BLOCKED = "blocked"  # the address guard refused to dial
    REDIRECT_ERROR = "redirect_error"
    GONE = "gone"  # 410

    @property
    def good(self) -> bool:
        """Whether the feed answered as a feed should."""
        return self in _GOOD


_GOOD = frozenset({Outcome.NEW, Outcome.NOT_MODIFIED, Outcome.UNCHANGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What the server gave to ask again with (RFC 9110, section 8.8), byte for byte, and the hashes of the document they belong to."""

    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None  # blake2b-128 of the decoded body, hex
    entry_hashes: frozenset[bytes] = frozenset()  # of its entries; empty where they could not be told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A GET to send: `headers` go to the origin of `url` only, `credentials` to that of `home` only, or to its https twin."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    home: str = ""  # the URL that the feed's owner wrote, whatever was learned since; empty: `url`
    credentials: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # headers that the owner wrote
    connection: Connection = DIRECT  # what it says of TLS holds for the origin of `home` only, too
    timeout: timedelta = timedelta(seconds=30)  # for everything: redirects and the body included
    allow_private: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The last answer after redirects. `headers` have lower-case names; `body` is decoded and bounded, empty unless the status is 200."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str  # the final one
    permanent_url: str | None = None  # where a chain of only 301 and 308 led, if there was one
    conditional: bool = True  # whether the hop that answered was asked with validators
    elapsed: timedelta = timedelta()

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailure:
    """There was no answer to judge. `outcome` is one of the failing words; `detail` is for a person and holds no secret."""

    outcome: Outcome
    detail: str
    stayed: bool = False  # nothing left this machine: no route leads out, or no name server answers
    elapsed: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A body to parse."""

    body: bytes
    content_type: str = ""
    url: str = ""  # the base of relative links
    seen: frozenset[bytes] = frozenset()  # hashes of entries that need not be parsed again; none: all are


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """A document without the entries that were seen, and the hashes of all that it lists, in order, up to the limit."""

    kind: str  # the family of its format: "rss", "atom", "rdf"
    body: bytes  # well-formed XML in UTF-8, empty if there is nothing to parse
    listed: tuple[
        bool, ...
    ]  # for each entry of `body`: whether the document lists it, or it stands for what was left out
    hashes: tuple[bytes, ...]
    left_out: int  # entries that were seen
    beyond: int  # entries beyond the limit


# The text of a document, what was seen, the base of its links and how many entries may be parsed; None: parse it whole.
Trim = Callable[[str, frozenset[bytes], str, int], Trimmed | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """A finished poll, before it is scheduled anew."""

    outcome: Outcome
    detail: str
    at: datetime
    status: int | None = None
    validators: Validators | None = None  # of the document, where there was one
    retry_after: timedelta | None = None
    fresh_for: timedelta | None = None  # how long the answer says that it holds (RFC 9111, section 4.2.1)
    permanent_url: str | None = None  # where the answer came from, if only permanent redirects led there
    limit: bool = False  # a limit of reading was broken, rather than a rule of the format
    elapsed: timedelta = timedelta()
    bytes_read: int = 0
