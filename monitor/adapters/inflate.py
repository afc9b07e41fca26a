"""inflate: the chunks of a coded body in, its bytes out, never more than a limit of either.

A kilobyte of gzip may hold a megabyte of zeros, and `gzip, gzip` a gigabyte. So exactly one coding that was asked for is
taken off (RFC 9110, section 8.4.1), and zlib is never told to give more than the limit leaves.
"""

import zlib
from collections.abc import Iterable

GZIP_MEMBERS_MAX = 100  # a gzip file may be several, one after another; empty ones cost more than they hold

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class UndecodableError(Exception):
    """The body is not coded as its header says, or in a way that nobody asked for."""


class TooLargeError(Exception):
    """The body is larger than the limit."""


class Inflater:
    """Takes the chunks of one body as they come."""

    def __init__(self, content_encoding: Iterable[str], limit: int) -> None:
        """The Content-Encoding headers of the answer. Raises UndecodableError for a coding that was not asked for."""
        codings = [coding.strip().lower() for value in content_encoding for coding in value.split(",")]
        codings = [coding for coding in codings if coding not in {"", "identity"}]
        if len(codings) > 1:
            raise UndecodableError("the body is coded more than once")
        self._coding = codings[0] if codings else ""
        if self._coding not in {"", "gzip", "x-gzip", "deflate"}:
            raise UndecodableError("the body is coded in a way that was not asked for")
        self._limit = limit
        self._member: zlib._Decompress | None = None
        self._members = 0
        self._held = b""  # too few bytes to tell what they begin
        self._over = False  # what follows the last member is padding
        self._taken = self._given = 0

    def feed(self, chunk: bytes) -> bytes:
        """What that chunk holds. Raises TooLargeError or UndecodableError."""
        self._taken += len(chunk)
        if self._taken > self._limit:
            raise TooLargeError
        if not self._coding:
            return chunk
        given: list[bytes] = []
        rest, self._held = self._held + chunk, b""
        while rest:
            member = self._member or self._begin(rest)
            if member is None:
                break
            given.append(self._inflate(member, rest))
            self._member = None if member.eof else member
            rest = member.unused_data
        return b"".join(given)

    def finish(self) -> None:
        """The body is over. Raises UndecodableError if its coding is not."""
        if self._member is not None or (self._held and not self._members):
            raise UndecodableError(f"the {self._coding} body ends too early")

    def _begin(self, rest: bytes) -> "zlib._Decompress | None":
        """The next member; None where more bytes must come, or only padding does."""
        if self._over:
            return None
        if len(rest) < len(_GZIP_MAGIC):
            self._held = rest
            return None
        if self._members and (self._coding == "deflate" or not rest.startswith(_GZIP_MAGIC)):
            self._over = True
            return None
        self._members += 1
        if self._members > GZIP_MEMBERS_MAX:
            raise UndecodableError(f"the body is more than {GZIP_MEMBERS_MAX} gzip files")
        if self._coding != "deflate":
            return zlib.decompressobj(_GZIP)
        # "deflate" means zlib, whose two first bytes are a multiple of 31; some servers send it bare, as early browsers read it.
        return zlib.decompressobj(_RAW if int.from_bytes(rest[:2], "big") % 31 else _ZLIB)

    def _inflate(self, member: "zlib._Decompress", data: bytes) -> bytes:
        try:
            given = member.decompress(data, self._limit - self._given + 1)
        except zlib.error as error:
            raise UndecodableError(f"the body is not {self._coding}, although its header says so") from error
        self._given += len(given)
        if self._given > self._limit:
            raise TooLargeError
        return given
