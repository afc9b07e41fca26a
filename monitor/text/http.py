"""http: what the status and the Retry-After header of an answer say, and on which ports HTTP is spoken."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

RETRY_AFTER_MAX = timedelta(hours=24)  # who asks for more is asked again tomorrow

_DIGITS_MAX = 9
_WEB_PORTS = frozenset({80, 443})
_FREE_PORT_MIN, _PORT_MAX = (
    1024,
    65535,
)  # below it only the two above speak HTTP; mail and the like must not be spoken to
# Protocols of lines, where a request could be mistaken for commands: Redis, memcached, IRC.
_LINE_PROTOCOLS = frozenset({6379, 11211, 6665, 6666, 6667, 6668, 6669, 6697})


def is_web_port(port: int, allowed: Collection[int] = ()) -> bool:
    """Whether HTTP is spoken there as a rule, or because somebody says so."""
    if not 0 < port <= _PORT_MAX:
        return False
    usual = port in _WEB_PORTS or (port >= _FREE_PORT_MIN and port not in _LINE_PROTOCOLS)
    return usual or port in allowed


def status_words(status: int) -> str:
    """`404 Not Found`: the number, and its standard words rather than the server's."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The pause that the header asks for, at most a day (RFC 9110, section 10.2.3). None where there is no such header, or
    nothing in it that can be obeyed: garbage, or a time that is past.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        seconds = int(text) if len(text) <= _DIGITS_MAX else 10**_DIGITS_MAX
        return min(timedelta(seconds=seconds), RETRY_AFTER_MAX)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a date that is none, or that no calendar holds
        return None
    if until.tzinfo is None:  # "-0000" is how UTC is spelled by who does not know the zone
        until = until.replace(tzinfo=UTC)
    pause = until - now
    return min(pause, RETRY_AFTER_MAX) if pause > timedelta() else None
