"""logs: what the rooms say by `logging` in, lines out by structlog: for people on a terminal, JSON elsewhere.

One record is one line, whatever a feed or a receiver put into it; only a traceback in text has more, all indented.
A stream that cannot be written to never stops the program.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

VALUE_CHARS_MAX = 2_000
TRACEBACK_CHARS_MAX = 20_000

# What their users have to know, newsmon says itself: the ticker counts and tells runs that are left out, and a request
# that is no HTTP is the client's affair.
QUIET = {
    "aiohttp.access": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "apscheduler": logging.ERROR,
    "uvicorn": logging.ERROR,
}

# Moves the cursor, breaks or re-orders a line, or cannot be written as UTF-8: C0 and C1 controls, line separators,
# marks and isolates of bidirectional text, the byte order mark, lone surrogates.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_BARE = re.compile(r"[^\s\"'=\\]+")  # needs no quotes after `key=`

_SHADES = {"debug": "2", "warning": "33", "error": "31", "critical": "1;31"}
_JSON_TYPES = (str, int, float, list, tuple, dict, type(None))


def setup(level: str, form: str, stream: TextIO, environ: Mapping[str, str] = os.environ) -> None:
    """Sends records of at least `level` to `stream`; `form` is auto, text or json. Called again, it starts anew."""
    terminal = stream.isatty()
    text = form == "text" or (form == "auto" and terminal)
    colour = text and terminal and not environ.get("NO_COLOR")
    handler = _Handler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=(structlog.stdlib.ExtraAdder(),),
            processors=(_describe, _Text(colour=colour) if text else _render_json),
        )
    )
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


class _Handler(logging.StreamHandler[TextIO]):
    """A line that cannot be written is lost, nothing else: a closed pipe or a full disk is no reason to miss news."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  the name is logging's
        if not (isinstance(sys.exception(), OSError) or self.stream.closed):
            super().handleError(record)


def _describe(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """The fields of a record, bounded, in the order in which they are shown."""
    record: logging.LogRecord = event.pop("_record")
    raised = event.pop("exc_info", None)
    for meta in ("_from_structlog", "stack_info", "color_message"):
        event.pop(meta, None)
    described: EventDict = {
        "time": datetime.fromtimestamp(record.created, UTC),
        "level": method,
        "logger": record.name,
        "message": event.pop("event"),
        **event,
    }
    for key, value in described.items():
        if isinstance(value, str) and len(value) > VALUE_CHARS_MAX:
            described[key] = value[:VALUE_CHARS_MAX] + "…"
    if raised:
        told = structlog.processors.format_exc_info(logger, method, {"exc_info": raised})
        described["traceback"] = told["exception"][-TRACEBACK_CHARS_MAX:]
    return described


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    line = json.dumps(event, ensure_ascii=False, default=_plain)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)  # they stand inside strings only


class _Text:
    """`2025-02-24 10:00:03Z warning  poll: bbc-world is failing  feed=bbc-world failures=3`."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> str:
        time, level, logger, message = (event.pop(key) for key in ("time", "level", "logger", "message"))
        trace = event.pop("traceback", "")
        shade = _SHADES.get(level) if self._colour else None
        loudness = f"{level:<8}" if shade is None else f"\x1b[{shade}m{level:<8}\x1b[0m"
        fields = "".join(f" {key}={_word(value)}" for key, value in event.items())
        line = f"{time:%Y-%m-%d %H:%M:%SZ} {loudness} {_room(logger)}: {_escape(message)}{fields and ' ' + fields}"
        return line + "".join(f"\n    | {_escape(told)}" for told in trace.splitlines())


def _room(logger: str) -> str:
    """What tells in a logger's name: monitor.loops.poll is `poll`, monitor.adapters.store.open is `store.open`."""
    house, *rooms = logger.split(".")
    return ".".join(rooms[1:] or rooms) if house == "monitor" and rooms else logger


def _word(value: object) -> str:
    shown = value if isinstance(value, _JSON_TYPES) else _plain(value)
    if isinstance(shown, str) and _BARE.fullmatch(shown):
        return _escape(shown)
    return _escape(json.dumps(shown, ensure_ascii=False, default=_plain))


def _escape(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _plain(value: object) -> str | float:
    """A value that JSON has no word for. A Secret shows itself as `***`."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)[:VALUE_CHARS_MAX]
