"""http: what the status and the Retry-After header of an answer say."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

RETRY_AFTER_MAX = timedelta(hours=24)  # who asks for more is asked again tomorrow

_DIGITS_MAX = 9


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
