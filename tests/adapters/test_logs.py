import io
import json
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.adapters import logs
from monitor.model.secret import Secret
from monitor.model.severity import Severity

HOSTILE = "a\r\nb\x1b[2J\u202ec\u2028d\x9bef\x00"


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    root = logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in ("", *logs.QUIET)}
    handlers = list(root.handlers)
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def written(say: Callable[[], object], form: str, level: str = "debug", stream: io.StringIO | None = None) -> str:
    stream = stream or io.StringIO()
    logs.setup(level, form, stream, {})
    say()
    return stream.getvalue()


def text(say: Callable[[], object], level: str = "debug") -> str:
    """The lines without their time."""
    return re.sub(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ ", "", written(say, "text", level))


poll = logging.getLogger("monitor.loops.poll")


def fail() -> None:
    try:
        int(HOSTILE)
    except ValueError:
        poll.exception("it broke")


TEXT = {
    "plain": (lambda: poll.info("%d feeds", 2), "info     poll: 2 feeds\n"),
    "fields": (
        lambda: poll.warning("failing", extra={"feed": "bbc-world", "failures": 3, "detail": "404 Not Found"}),
        'warning  poll: failing  feed=bbc-world failures=3 detail="404 Not Found"\n',
    ),
    "kinds of values": (
        lambda: poll.info(
            "so",
            extra={
                "at": datetime(2025, 2, 24, 10, tzinfo=UTC),
                "took": timedelta(milliseconds=1500),
                "severity": Severity.HIGH,
                "none": None,
                "yes": True,
                "topics": ["a", Secret("s3cret")],
                "path": Path("/tmp/x"),
            },
        ),
        (
            "info     poll: so  at=2025-02-24T10:00:00+00:00 took=1.5 severity=high none=null yes=true "
            'topics=["a", "***"] path=/tmp/x\n'
        ),
    ),
    "a secret": (
        lambda: poll.info("with %s", Secret("s3cret"), extra={"secret": Secret("s3cret")}),
        "info     poll: with ***  secret=***\n",
    ),
    "scripts": (
        lambda: poll.info("Зеленський: 北约", extra={"word": "ناتو"}),
        "info     poll: Зеленський: 北约  word=ناتو\n",
    ),
    "hostile message": (
        lambda: poll.info(HOSTILE),
        "info     poll: a\\r\\nb\\x1b[2J\\u202ec\\u2028d\\x9bef\\x00\n",
    ),
    "hostile value": (
        lambda: poll.info("x", extra={"title": 'say "hi"\nok=1 \u202e\x9b', "bare": "\x1b"}),
        'info     poll: x  title="say \\"hi\\"\\nok=1 \\u202e\\x9b" bare=\\x1b\n',
    ),
    "long": (
        lambda: poll.info("x", extra={"title": "t" * 5000}),
        f"info     poll: x  title={'t' * 2000}…\n",
    ),
    "another's logger": (lambda: logging.getLogger("aiohttp.client").error("no"), "error    aiohttp.client: no\n"),
    "a deep room": (
        lambda: logging.getLogger("monitor.adapters.store.open").info("ok"),
        "info     store.open: ok\n",
    ),
    "a top room": (lambda: logging.getLogger("monitor.app").info("ok"), "info     app: ok\n"),
}


@pytest.mark.parametrize("situation", TEXT)
def test_text_is_one_line_for_a_person(situation: str) -> None:
    say, expected = TEXT[situation]
    assert text(say) == expected


def test_a_traceback_in_text_is_indented_so_that_it_cannot_pose_as_a_record() -> None:
    first, *rest = text(fail).splitlines()
    assert first == "error    poll: it broke"
    assert all(line.startswith("    | ") for line in rest)
    assert rest[0] == "    | Traceback (most recent call last):"
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", "".join(rest))


def test_json_is_one_object_a_line_with_everything_in_it() -> None:
    lines = written(lambda: (poll.info(HOSTILE, extra={"secret": Secret("s3cret"), "feed": HOSTILE}), fail()), "json")
    said, broke = lines.splitlines()
    record = json.loads(said)
    assert datetime.fromisoformat(record.pop("time")).tzinfo == UTC
    assert record == {
        "level": "info",
        "logger": "monitor.loops.poll",
        "message": HOSTILE,
        "secret": "***",
        "feed": HOSTILE,
    }
    assert json.loads(broke)["traceback"].startswith("Traceback (most recent call last):")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800]", lines)


@pytest.mark.parametrize(
    ("form", "stream", "environ", "start"),
    [
        ("auto", io.StringIO, {}, "{"),
        ("auto", Terminal, {}, "2"),
        ("json", Terminal, {}, "{"),
        ("text", io.StringIO, {}, "2"),
    ],
    ids=["auto, a pipe", "auto, a terminal", "json on a terminal", "text into a pipe"],
)
def test_the_form_follows_the_stream_unless_it_is_set(
    form: str, stream: type[io.StringIO], environ: Mapping[str, str], start: str
) -> None:
    out = stream()
    logs.setup("info", form, out, environ)
    poll.info("x")
    assert out.getvalue()[0] == start


@pytest.mark.parametrize(
    ("stream", "environ", "coloured"),
    [
        (Terminal, {}, True),
        (Terminal, {"NO_COLOR": "1"}, False),
        (Terminal, {"NO_COLOR": ""}, True),
        (io.StringIO, {}, False),
    ],
    ids=["terminal", "NO_COLOR", "NO_COLOR is empty", "pipe"],
)
def test_colour_is_for_terminals_that_want_it(
    stream: type[io.StringIO], environ: Mapping[str, str], coloured: bool
) -> None:
    out = stream()
    logs.setup("info", "text", out, environ)
    poll.error("x")
    assert ("\x1b[31m" in out.getvalue()) == coloured


def test_the_level_counts_and_noisy_libraries_are_quiet() -> None:
    def say() -> None:
        poll.debug("poll")
        logging.getLogger("aiohttp.access").info("GET /")
        logging.getLogger("apscheduler.scheduler").warning("skipped")
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
        logging.getLogger("asyncio").warning("slow callback")

    assert text(say, "info") == "warning  asyncio: slow callback\n"
    assert text(say, "debug") == "debug    poll: poll\nwarning  asyncio: slow callback\n"


def test_set_up_again_it_starts_anew() -> None:
    first, second = io.StringIO(), io.StringIO()
    logs.setup("info", "json", first, {})
    logs.setup("info", "json", second, {})
    poll.info("x")
    assert (first.getvalue(), len(second.getvalue().splitlines())) == ("", 1)


def test_a_closed_pipe_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1, errors="strict") as stream:
        logs.setup("info", "json", stream, {})
        poll.info("into the void")
        poll.info("again")
        _empty(stream)
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Path("/dev/full").open("w") as stream:
        logs.setup("info", "json", stream, {})
        poll.info("no space")
        _empty(stream)
    assert capsys.readouterr().err == ""


def _empty(stream: io.TextIOWrapper) -> None:
    """Lets the stream be closed: what it could not write goes elsewhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


def test_a_closed_stream_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    logs.setup("info", "json", stream, {})
    stream.close()
    poll.info("x")
    assert capsys.readouterr().err == ""


def test_a_record_that_cannot_be_formatted_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    class Rude:
        def __str__(self) -> str:
            raise LookupError("no words")

    logs.setup("info", "json", io.StringIO(), {})
    poll.info("x", extra={"value": Rude()})
    assert "--- Logging error ---" in capsys.readouterr().err
