"""answer: the bytes of an answer in, as they come; its Head and the pieces of its body out (RFC 9112). The only room with httptools.

Lenient where the web is: bare line feeds, folded fields, blanks in chunk sizes, bytes that are no text. Strict where leniency would let two
readers read one answer differently: two lengths, a length beside chunks.
"""

from collections.abc import Callable
from dataclasses import dataclass

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from monitor.adapters.http.fault import AnswerError

IDLE_BYTES_MAX = (
    64 * 2**10
)  # of a head, with the interim answers before it; then between two pieces of the body, and after the last
HEADER_FIELDS_MAX = 128  # of a head, and of a trailer

_INTERIM = range(100, 200)
_SWITCHING = 101  # the only one of these that is the last word, and nobody asked for it
_NOT_SPOKEN = "0.9"
_UNREADABLE = "the answer is not HTTP that can be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The beginning of an answer. `headers` have lower-case names; bytes that are not UTF-8 are surrogates (PEP 383)."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        return next((value for key, value in self.headers if key == name), None)

    def every(self, name: str) -> list[str]:
        """All headers of that (lower-case) name."""
        return [value for key, value in self.headers if key == name]


Sink = Callable[[bytes], bool]
"""Takes the next piece of a body and says whether it wants more. What it raises ends the exchange."""

Take = Callable[[Head], Sink | None]
"""Where the body of that answer goes; None: nobody wants it."""


class Reading:
    """One answer, which `feed` is given until it says that no more is wanted. Then `head` stands."""

    __slots__ = (
        "_complete",
        "_fields",
        "_headers",
        "_idle",
        "_parser",
        "_pieces",
        "_reason",
        "_sink",
        "_take",
        "closing_ends",
        "head",
        "keeps",
        "on_body",
    )

    def __init__(self, take: Take) -> None:
        self.head: Head | None = None
        self.closing_ends = False  # whether the end of the connection is how the body ends
        self.keeps = False  # whether another request may follow on this connection
        self._take = take
        self._sink: Sink | None = None
        self._headers: list[tuple[str, str]] = []
        self._fields = 0
        self._reason = b""
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append  # the parser's: chunks may be of one byte each
        self._idle = 0  # bytes without a piece of the body in them
        self._complete = False
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    def feed(self, data: bytes) -> bool:
        """Whether that was the last of it that is wanted. Raises AnswerError, and what `take` and its sink raise."""
        at = 0
        while at < len(data):
            piece = data[at : at + IDLE_BYTES_MAX - self._idle]
            at += len(piece)
            if self._feed(piece):
                return True
        return False

    def close(self) -> None:
        """Let go of the parser, which holds on to whom it calls."""
        del self._parser

    def _feed(self, piece: bytes) -> bool:
        began = self.head is not None
        self._parse(piece)
        if self.head is None or (began and not self._pieces):
            self._idle += len(piece)
            if self._idle >= IDLE_BYTES_MAX and not self._complete:
                raise AnswerError(_UNREADABLE if began else f"a header of more than {IDLE_BYTES_MAX // 2**10} KiB")
            return self._complete
        self._idle = 0
        if not began:
            self._sink = self._take(self.head)
        if self._sink is None:
            return True
        if self._pieces:
            body = b"".join(self._pieces)
            self._pieces.clear()
            if not self._sink(body):
                return True
        return self._complete

    def _parse(self, piece: bytes) -> None:
        try:
            self._parser.feed_data(piece)
        except (HttpParserError, HttpParserUpgrade) as error:
            if self._complete:  # what follows is nothing that was asked for
                self.keeps = False
            elif isinstance(error.__context__, AnswerError):
                raise error.__context__ from None
            else:
                raise AnswerError(_UNREADABLE) from error

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._complete:
            raise AnswerError("a second answer")

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields += 1
        if self._fields > HEADER_FIELDS_MAX:
            raise AnswerError(f"a header of more than {HEADER_FIELDS_MAX} fields")
        if b"\0" in value:  # which the parser lets pass
            raise AnswerError("a header with a NUL in it")
        if self.head is None:  # a trailer says nothing
            self._headers.append((_text(name).lower(), _text(value.rstrip(b" \t"))))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if self._parser.get_http_version() == _NOT_SPOKEN:
            raise AnswerError(_UNREADABLE)
        if status not in _INTERIM or status == _SWITCHING:
            self.head = Head(status=status, reason=_text(self._reason), headers=tuple(self._headers))
            self.closing_ends = _closing_ends(self.head)
        self._headers.clear()
        self._fields = 0
        self._reason = b""

    def on_message_complete(self) -> None:
        if self.head is not None:  # else it was an interim answer
            self._complete = True
            self.keeps = self._parser.should_keep_alive()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _closing_ends(head: Head) -> bool:
    """Whether the body goes on until the connection is closed (RFC 9112, section 6.3): nothing else says how long it is."""
    codings = head.every("transfer-encoding")
    if codings:
        return codings[-1].rpartition(",")[2].strip().lower() != "chunked"
    return head.header("content-length") is None
