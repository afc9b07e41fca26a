"""answer: bytes become a head and a body in the same way however they are cut, within bounds, or are refused."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.adapters.http.answer import Head, Reading, Sink
from monitor.adapters.http.fault import AnswerError, HungUpError

FEED = b"<rss version='2.0'/>"
LENGTH = b"Content-Length: %d\r\n" % len(FEED)
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = OK + LENGTH + b"\r\n" + FEED
UNREADABLE = "the answer is not HTTP that can be read"
TOO_EARLY = "the answer ends too early"
TOO_LONG = "a header of more than 64 KiB"
FIELDS = "a header of more than 128 fields"


@dataclass
class Taker:
    wants: int = 10**9  # bytes
    body: bytes = b""
    heads: list[Head] = field(default_factory=list)

    def take(self, head: Head) -> Sink | None:
        self.heads.append(head)
        return self.more if head.status == 200 else None

    def more(self, piece: bytes) -> bool:
        self.body += piece
        return len(self.body) < self.wants


def read(data: bytes, *, cut: int = 0, orderly: bool = True, taker: Taker | None = None) -> tuple[int, bytes, bool]:
    """Status, body, and whether the connection may be kept, of what comes in pieces of `cut` bytes before the connection ends."""
    taker = taker or Taker()
    reading = Reading(taker.take)
    try:
        for at in range(0, len(data), cut or len(data) or 1):
            head = reading.feed(data[at : at + (cut or len(data))])
            if head is not None:
                break
        else:
            head = reading.end(orderly=orderly)
    finally:
        reading.close()
    assert taker.heads == [head]
    return head.status, taker.body, reading.keeps


READ = {
    "by length": (WHOLE, 200, FEED, True),
    "by length, to be closed": (OK + LENGTH + b"Connection: close\r\n\r\n" + FEED, 200, FEED, False),
    "by the end of the connection": (OK + b"\r\n" + FEED, 200, FEED, False),
    "by chunks": (CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(FEED), FEED), 200, FEED, True),
    "chunks with extensions and blanks": (CHUNKED + b"%x ;a=b\r\n%b\r\n0\r\n\r\n" % (len(FEED), FEED), 200, FEED, True),
    "chunks with a trailer": (CHUNKED + b"%x\r\n%b\r\n0\r\nX: y\r\n\r\n" % (len(FEED), FEED), 200, FEED, True),
    "the last coding is chunks": (
        OK + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(FEED), FEED),
        200,
        FEED,
        True,
    ),
    "another coding ends with the connection": (OK + b"Transfer-Encoding: gzip\r\n\r\n" + FEED, 200, FEED, False),
    "empty": (OK + b"Content-Length: 0\r\n\r\n", 200, b"", True),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n" + LENGTH + b"\r\n" + FEED, 200, FEED, False),
    "HTTP/1.0 that keeps": (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + LENGTH + b"\r\n" + FEED,
        200,
        FEED,
        True,
    ),
    "bare line feeds": (WHOLE.replace(b"\r\n", b"\n"), 200, FEED, True),
    "blank lines before it": (b"\r\n\r\n" + WHOLE, 200, FEED, True),
    "no reason": (b"HTTP/1.1 200\r\n" + LENGTH + b"\r\n" + FEED, 200, FEED, True),
    "a blank before the colon": (OK + LENGTH.replace(b":", b" :") + b"\r\n" + FEED, 200, FEED, True),
    "304": (b"HTTP/1.1 304 Not Modified\r\n\r\n", 304, b"", True),
    "304 that has the length of the document": (b"HTTP/1.1 304 N\r\nContent-Length: 44000\r\n\r\n", 304, b"", True),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b"", True),
    "101, which nobody asked for": (
        b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\0\1",
        101,
        b"",
        False,
    ),
    "interim answers": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 3 + WHOLE,
        200,
        FEED,
        True,
    ),
    "an interim answer with a body": (b"HTTP/1.1 110 X\r\nContent-Length: 3\r\n\r\nabc" + WHOLE, 200, FEED, True),
    "a header of nearly 64 KiB": (OK + LENGTH + b"X: " + b"y" * 65_000 + b"\r\n\r\n" + FEED, 200, FEED, True),
    "128 fields": (OK + LENGTH + b"X: y\r\n" * 127 + b"\r\n" + FEED, 200, FEED, True),
    "a chunk a byte": (CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in FEED) + b"0\r\n\r\n", 200, FEED, True),
}


@pytest.mark.parametrize("cut", [0, 1, 7, 1460])
@pytest.mark.parametrize(("data", "status", "body", "keeps"), READ.values(), ids=READ)
def test_what_is_read(data: bytes, status: int, body: bytes, keeps: bool, cut: int) -> None:
    assert read(data, cut=cut) == (status, body, keeps)


REFUSED = {
    "no HTTP": (b"220 mail.example ESMTP\r\n", UNREADABLE),
    "HTTP/0.9": (b"<rss version='2.0'/>", UNREADABLE),
    "HTTP/0.9 with a status line": (b"HTTP/0.9 200 OK\r\n" + LENGTH + b"\r\n" + FEED, UNREADABLE),
    "another protocol of lines": (b"ICY 200 OK\r\n\r\n", UNREADABLE),
    "a status that is no number": (b"HTTP/1.1 2x0 OK\r\n\r\n", UNREADABLE),
    "two lengths": (OK + LENGTH + b"Content-Length: 1\r\n\r\n" + FEED, UNREADABLE),
    "a length twice": (OK + LENGTH + LENGTH + b"\r\n" + FEED, UNREADABLE),
    "a list of lengths": (OK + b"Content-Length: 5, 5\r\n\r\n" + FEED, UNREADABLE),
    "a length below zero": (OK + b"Content-Length: -1\r\n\r\n" + FEED, UNREADABLE),
    "a length that overflows": (OK + b"Content-Length: 99999999999999999999\r\n\r\n" + FEED, UNREADABLE),
    "a length and chunks": (OK + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", UNREADABLE),
    "chunks and a length": (
        OK + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n5\r\nhello\r\n0\r\n\r\n",
        UNREADABLE,
    ),
    "a chunk of no length": (CHUNKED + b"zz\r\nhello\r\n", UNREADABLE),
    "a chunk that overflows": (CHUNKED + b"ffffffffffffffffffff\r\n", UNREADABLE),
    "a chunk longer than it says": (CHUNKED + b"5\r\nhello world\r\n0\r\n\r\n", UNREADABLE),
    "a NUL in a field": (OK + LENGTH + b"X: a\0b\r\n\r\n" + FEED, "a header with a NUL in it"),
    "129 fields": (OK + LENGTH + b"X: y\r\n" * 128 + b"\r\n" + FEED, FIELDS),
    "a trailer of 129 fields": (CHUNKED + b"0\r\n" + b"X: y\r\n" * 129 + b"\r\n", FIELDS),
    "a header of more than 64 KiB": (OK + b"X: " + b"y" * 66_000 + b"\r\n" + LENGTH + b"\r\n" + FEED, TOO_LONG),
    "a status line of more than 64 KiB": (b"HTTP/1.1 200 " + b"y" * 66_000 + b"\r\n\r\n", TOO_LONG),
    "a header for ever": (OK + b"X: " + b"y" * 200_000, TOO_LONG),
    "interim answers for ever": (b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, TOO_LONG),
    "an extension for ever": (CHUNKED + b"1;" + b"y" * 200_000, UNREADABLE),
    "a length of a chunk for ever": (CHUNKED + b"0" * 200_000, UNREADABLE),
    "a trailer for ever": (CHUNKED + b"0\r\nX: " + b"y" * 200_000, UNREADABLE),
    "shorter than its length": (WHOLE[:-1], TOO_EARLY),
    "no body, whatever its length": (OK + LENGTH + b"\r\n", TOO_EARLY),
    "shorter than a length with a blank before the colon": (
        OK + LENGTH.replace(b":", b" :") + b"\r\n" + FEED[:5],
        TOO_EARLY,
    ),
    "chunks without an end": (CHUNKED + b"5\r\nhello\r\n", TOO_EARLY),
    "half a chunk": (CHUNKED + b"5\r\nhel", TOO_EARLY),
    "no end of the last chunk": (CHUNKED + b"5\r\nhello\r\n0\r\n", TOO_EARLY),
    "no end of the trailer": (CHUNKED + b"5\r\nhello\r\n0\r\nX: y\r\n", TOO_EARLY),
}


@pytest.mark.parametrize("cut", [0, 1, 7, 1460])
@pytest.mark.parametrize(("data", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(data: bytes, why: str, cut: int) -> None:
    with pytest.raises(AnswerError) as refused:
        read(data, cut=cut)
    assert str(refused.value) == why


def test_nothing_is_no_answer() -> None:
    with pytest.raises(HungUpError):
        read(b"")


def test_half_a_head_is_none_either() -> None:
    with pytest.raises(ConnectionResetError):
        read(OK)


def test_what_only_the_end_tells_ends_in_order() -> None:
    with pytest.raises(AnswerError, match=f"^{TOO_EARLY}$"):
        read(OK + b"\r\n" + FEED, orderly=False)


FOLLOWS = {
    "garbage": b"EXTRA",
    "another answer": WHOLE,
    "half of one": b"HTTP/1.1 200",
    "a body that a 304 has none of": b"<html>",
}


@pytest.mark.parametrize("first", [WHOLE, b"HTTP/1.1 304 N\r\n\r\n"], ids=["200", "304"])
@pytest.mark.parametrize("follows", FOLLOWS.values(), ids=FOLLOWS)
def test_what_follows_an_answer_is_not_read_but_ends_the_connection(first: bytes, follows: bytes) -> None:
    status, body, _ = read(first)
    assert read(first + follows) == (status, body, False)


def test_who_wants_no_more_is_given_no_more() -> None:
    taker = Taker(wants=5)
    assert read(WHOLE[:-15] + b"x" * 100, cut=1, taker=taker) == (200, FEED[:5], False)


def test_a_body_that_nobody_wants_is_not_awaited() -> None:
    assert read(b"HTTP/1.1 404 Not Found\r\n" + LENGTH + b"\r\n") == (404, b"", False)


def test_what_a_taker_raises_ends_the_reading() -> None:
    def take(head: Head) -> Sink | None:
        raise LookupError(head.status)

    reading = Reading(take)
    with pytest.raises(LookupError, match=r"^200$"):
        reading.feed(WHOLE)


def test_a_head_is_told_as_it_was() -> None:
    taker = Taker()
    fields = b'ETag: W/"1" \t\r\nX-Twice: 1\r\nx-twice: 2\r\nX: a\r\n b\r\nY: \xe9\r\nZ: \xc3\xa9\r\nE:\r\n'
    read(b"HTTP/1.1 200 Tr\xc3\xa8s \xff\r\n" + fields + b"\r\n", cut=1, taker=taker)
    (head,) = taker.heads
    assert (head.status, head.reason) == (200, "Très \udcff")
    assert head.headers == (
        ("etag", 'W/"1"'),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("x", "a b"),
        ("y", "\udce9"),
        ("z", "é"),
        ("e", ""),
    )
    assert (head.header("x-twice"), head.header("none"), head.every("x-twice")) == ("1", None, ["1", "2"])


PARTS = [b"\r\n", b"\n", b"\r", b" ", b":", b"0", b"5", b"\0", b"\xff", b"hello", b"chunked", b"HTTP/1.1 200 OK", FEED]
PARTS += [
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"Connection: close\r\n",
]


@given(
    start=st.sampled_from([b"", OK, WHOLE, CHUNKED, OK + b"Content-Length: 5\r\n"]),
    parts=st.lists(st.sampled_from(PARTS), max_size=12),
    cut=st.integers(1, 40),
)
def test_how_an_answer_is_cut_decides_nothing(start: bytes, parts: list[bytes], cut: int) -> None:
    """Except for whether a connection may be kept: what has not come yet cannot speak against it."""

    def outcome(pieces: int) -> tuple[int, bytes] | tuple[str, str]:
        try:
            return read(start + b"".join(parts), cut=pieces)[:2]
        except (AnswerError, ConnectionError) as error:
            return type(error).__name__, str(error)

    assert outcome(cut) == outcome(0)
