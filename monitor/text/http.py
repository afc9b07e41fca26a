"""http: what the status of an answer says, and its headers about when to ask again; and where HTTP is spoken."""

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

RETRY_AFTER_MAX = timedelta(hours=24)  # who asks for more is asked again tomorrow

_DIGITS_MAX = 9
_MAX_AGE = re.compile(r"(?:^|,)\s*max-age\s*=\s*\"?([0-9]{1,9})\"?\s*(?:,|$)", re.IGNORECASE)
_WEB_PORTS = frozenset({80, 443})
_FREE_PORT_MIN = 1024  # below it only the two above speak HTTP; mail and the like must not be spoken to
_PORT_MAX = 65535
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
    until = _moment(text)
    if until is None:
        return None
    pause = until - now
    return min(pause, RETRY_AFTER_MAX) if pause > timedelta() else None


def fresh_for(cache_control: str | None, expires: str | None, date: str | None) -> timedelta | None:
    """How long an answer says that it holds (RFC 9111, section 4.2.1): by max-age, else from Date to Expires. None where it does not say."""
    if found := _MAX_AGE.search(cache_control or ""):
        return timedelta(seconds=int(found[1])) or None
    until, since = _moment(expires), _moment(date)
    span = until - since if until is not None and since is not None else timedelta()
    return span if span > timedelta() else None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):  # a date that is none, or that no calendar holds
        return None
    return (
        moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    )  # "-0000": UTC by who does not know the zone
