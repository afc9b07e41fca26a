"""The demo for real: the daemon in its own process, exit codes that can be relied on, and nothing left behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.commands.demo.news_day import NEWS_DAY, Entry, Kind, NewsDay, Publisher, Stage, Trouble
from monitor.commands.demo.play import INTERRUPTED, TERMINATED, Play
from monitor.commands.demo.sink import Arrival
from monitor.commands.demo.verdict import Check

PATIENCE_SECONDS = 300.0  # everything here ends by what happens; this only ends what never would
TIMEOUT_SECONDS = 3 * PATIENCE_SECONDS
# What `newsmon demo --json` does, with that patience. SIGINT is ignored in whatever a shell without job control runs in the background,
# and its children inherit that: Ctrl-C has to mean something again.
DEMO = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from monitor.commands.demo import run_demo
sys.exit(run_demo(keep=False, as_json=True, seconds_max={PATIENCE_SECONDS}, stop_seconds_max={PATIENCE_SECONDS}))
"""


def start(folder: Path) -> subprocess.Popen[str]:
    """The demo, with temporary folders made in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-c", DEMO],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def running_in(folder: Path) -> list[str]:
    """Processes whose command line or working folder names it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = process.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            inside = str(process.joinpath("cwd").readlink()).startswith(str(folder))
        except OSError:
            continue  # it ended meanwhile
        if inside or str(folder) in command:
            found.append(command)
    return found


def nothing_left(folder: Path) -> bool:
    """Whether nothing of it runs any more, now or in a while: what was killed may take a moment to be gone."""
    end = time.monotonic() + PATIENCE_SECONDS
    while running_in(folder) and time.monotonic() < end:
        time.sleep(0.05)
    return not running_in(folder)


def test_the_news_day_arrives_as_expected(tmp_path: Path) -> None:
    demo = start(tmp_path)
    out, err = demo.communicate(timeout=TIMEOUT_SECONDS)
    events = [json.loads(line) for line in out.splitlines()]
    assert (demo.returncode, err, events[-1]["event"]) == (0, "", "closes"), out
    assert [check for check in events[-1]["checks"] if not check["passed"]] == []
    assert [event["name"] for event in events if event["event"] == "stage"] == [stage.name for stage in NEWS_DAY.stages]
    assert (list(tmp_path.iterdir()), nothing_left(tmp_path)) == ([], True)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)])
def test_a_signal_leaves_nothing_behind(number: signal.Signals, exit_code: int, tmp_path: Path) -> None:
    demo = start(tmp_path)
    assert demo.stdout is not None
    for line in demo.stdout:  # until the daemon is known to run
        if json.loads(line)["event"] == "delivery":
            break
    assert len(running_in(tmp_path)) >= 2  # the daemon and its workers
    demo.send_signal(number)
    out, err = demo.communicate(timeout=TIMEOUT_SECONDS)
    assert (demo.returncode, err, "closes" in out) == (exit_code, "", False)
    assert (list(tmp_path.iterdir()), nothing_left(tmp_path)) == ([], True)


class Recorder:
    """Fulfils `Teller`, and remembers how it ended."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.failed: dict[str, tuple[str, ...]] = {}

    def opens(self, day: NewsDay, folder: Path) -> None: ...
    def stage(self, number: int, of: int, stage: Stage) -> None: ...
    def trouble(self, publisher: Publisher, trouble: Trouble) -> None: ...
    def recovered(self, publisher: Publisher) -> None: ...
    def arrived(self, arrival: Arrival, *, taken: bool, again: bool) -> None: ...

    def stuck(self, reasons: Sequence[str], log: Sequence[str]) -> None:
        self.reasons = list(reasons)

    def closes(self, checks: Sequence[Check], polls: Mapping[str, int], *, passed: bool, folder: Path | None) -> None:
        self.failed = {check.name: check.details for check in checks if not check.passed}


def play(day: NewsDay, folder: Path, seconds_max: float) -> tuple[bool, Recorder]:
    recorder = Recorder()
    showing = Play(day, folder, recorder, datetime.now(UTC), keep=True, seconds_max=seconds_max)
    return asyncio.run(showing.run()), recorder


WIRE = Publisher(feed="wire", name="Wire", kind=Kind.RSS, lang="en", site="https://wire.example", host="127.0.0.31")
DULL = Entry(slug="dull", title="Nothing happens", summary="Nothing at all.")
NEWS = Entry(
    slug="news", title="Kyiv will join NATO, says Zelensky", summary="Soon.", topics=frozenset({"nato-membership"})
)


def test_what_does_not_arrive_in_time_is_named(tmp_path: Path) -> None:
    expected = Entry(slug="dull", title=DULL.title, summary=DULL.summary, topics=frozenset({"minerals-deal"}))
    stages = (Stage(name="", about="", listed={"wire": (DULL,)}, told=(expected,)),)
    passed, told = play(NewsDay(publishers=(WIRE,), stages=stages, refused_once=""), tmp_path, 8.0)
    missing = f"{DULL.title} [minerals-deal]"
    assert not passed
    # whatever else a slow machine has not done by then stands between the two
    assert (told.reasons[0], told.reasons[-1]) == ("time is up after 8 s, in stage 1", f"not arrived yet: {missing}")
    assert told.failed["alerts"] == (f"missing: {missing}",)


def test_what_nobody_expects_is_named(tmp_path: Path) -> None:
    stages = (
        Stage(name="", about="", listed={"wire": (DULL,)}),
        Stage(name="", about="", listed={"wire": (NEWS,)}),
    )
    passed, told = play(NewsDay(publishers=(WIRE,), stages=stages, refused_once=""), tmp_path, PATIENCE_SECONDS)
    assert (passed, told.reasons) == (False, [])
    assert told.failed["alerts"] == (f"not expected: {NEWS.title} [nato-membership]",)


def test_a_daemon_that_cannot_start_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "newsmon.sqlite").write_bytes(b"this is no database" * 1000)
    stages = (Stage(name="", about="", listed={"wire": (DULL,)}),)
    passed, told = play(NewsDay(publishers=(WIRE,), stages=stages, refused_once=""), tmp_path, PATIENCE_SECONDS)
    assert (passed, told.reasons) == (False, ["the daemon ended before the day did"])
    assert told.failed["the daemon ended"] == ()
