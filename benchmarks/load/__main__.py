"""load: `newsmon run` with thousands of feeds, as a user runs it, and how late its polls and alerts are.

    python -m benchmarks.load [--feeds 10000] [--minutes 10] [--topics 1000] [--pace 300] [--concurrency 32]

What is measured, and what the figures mean, stands in docs/benchmarks.md. The last line of the output is JSON.
"""

import argparse
import json
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import news
from benchmarks.folder import SECRET, write_folder
from benchmarks.helper import Helper, environ, work_folder
from benchmarks.load.feed_server import QUERIES
from benchmarks.usage import PeakMemory, cpu_seconds

FEEDS_A_HOST = 4
GRACE = 60.0
"""For alerts of the last moment to arrive, and for a daemon to stop."""
LOOK_EVERY = 5.0
TELL_EVERY = 30.0
SETTLED = 5.0
"""No feed has been due for longer: the warm-up is over."""
FILES = 4_096
METRICS_AT = re.compile(r"metrics on (http://[\d.:]+)")
LINK = re.compile(r"news-(\d+)\.example/[^/]+/(\d+)-")
LAG = re.compile(r'^newsmon_scheduler_lag_seconds_bucket{le="([^"]+)"} (\S+)$', re.MULTILINE)
RUNS = re.compile(r'^newsmon_scheduler_runs_total{job="poll",outcome="(\w+)"} (\S+)$', re.MULTILINE)
POLLS = re.compile(r'^newsmon_polls_total{outcome="(\w+)"} (\S+)$', re.MULTILINE)


class LoadError(Exception):
    """The run is void."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """The daemon's database, read from outside: which feed was due when."""

    file: Path
    due: set[tuple[int, float]] = field(default_factory=set)
    never: int = 0
    first: float = 0.0  # when the next feed is due, or was due

    def look(self) -> None:
        with closing(sqlite3.connect(f"{self.file.as_uri()}?mode=ro", uri=True, timeout=10)) as database:
            rows = database.execute("SELECT id, next_poll_at, last_poll_at IS NULL FROM feeds").fetchall()
        due = [(int(name.removeprefix("feed-")), _seconds(at)) for name, at, _ in rows]
        self.never = sum(never for *_, never in rows)
        self.first = min(at for _, at in due)
        self.due.update(due)

    @property
    def overdue(self) -> float:
        """Seconds that a feed has been due for and is not polled, at most."""
        return max(0.0, time.time() - self.first)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@contextmanager
def daemon(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`newsmon run` on that folder; ended as a service manager ends it."""
    with (folder / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            [Path(sys.executable).parent / "newsmon", "--config", folder, "run"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environ(),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def door(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """Where /metrics is, once the daemon says so."""
    while process.poll() is None:
        if found := METRICS_AT.search(log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.1)
    raise LoadError("the daemon did not start:\n" + log.read_text(errors="replace")[-2_000:])


def scrape(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/metrics", timeout=30) as answer:
        text: str = answer.read().decode()
    return text


def grown(pattern: "re.Pattern[str]", before: str, after: str) -> dict[str, float]:
    old = dict(pattern.findall(before))
    return {word: float(count) - float(old.get(word, 0)) for word, count in pattern.findall(after)}


def lags(due: set[tuple[int, float]], asked_at: dict[str, list[float]], start: float, end: float) -> list[float]:
    """From when a feed was due until the server was asked. One that was not asked at all counts as asked at the end."""
    found = []
    for feed, at in due:
        if start <= at <= end:
            asked = next((moment for moment in asked_at.get(str(feed), ()) if moment >= at - 0.05), end)
            found.append(max(0.0, asked - at))
    return found


def p95(values: Sequence[float]) -> float | None:
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, int(len(ranked) * 0.95))], 3) if ranked else None


def say(line: str) -> None:
    print(f"{datetime.now().astimezone():%H:%M:%S} {line}", flush=True)


def measure(asked: argparse.Namespace, stack: ExitStack) -> dict[str, Any]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="load-", dir=work_folder()))) / "config"
    feeds = stack.enter_context(Helper("benchmarks.load.feed_server", [str(asked.feeds)]))
    sink = stack.enter_context(Helper("benchmarks.load.sink", [SECRET]))
    write_folder(
        folder,
        urls=[f"http://{news.host(feed, FEEDS_A_HOST)}:{feeds.port}/feed/{feed}" for feed in range(asked.feeds)],
        topics=asked.topics,
        planted=QUERIES,
        sink=f"http://127.0.0.1:{sink.port}/alerts",
        severities=("critical",),
        listen="127.0.0.1:0",
        concurrency=asked.concurrency,
        pace=asked.pace,
    )
    started = time.time()
    process = stack.enter_context(daemon(folder))
    url = door(process, folder / "daemon.log")
    say(f"{asked.feeds:,} feeds, {asked.topics:,} topics; started after {time.time() - started:.1f} s")
    watch = Watch(file=folder / "newsmon.sqlite")
    _warm_up(process, watch, asked.pace)
    settled = time.time()
    say(f"the warm-up took {settled - started:.0f} s, {cpu_seconds(process.pid):.1f} CPU-s")

    log = folder / "daemon.log"
    first, spent, said = scrape(url), cpu_seconds(process.pid), log.stat().st_size
    watch.due.clear()
    feeds.ask("begin")
    start = time.time()
    with PeakMemory(process.pid, every=1.0) as peak:
        _until(process, watch, start + asked.minutes * 60)
    end = time.time()
    report = feeds.ask("end")
    spent, last = cpu_seconds(process.pid) - spent, scrape(url)
    planted = {tuple(each) for each in report["planted"]}
    arrived = _arrivals(sink, planted)
    late = lags(watch.due, report["asked_at"], start, end)
    for words, pattern in (("polls", POLLS), ("ticks", RUNS), ("lag, by newsmon's own metric, at most", LAG)):
        counts = grown(pattern, first, last)
        say(f"{words}: {', '.join(f'{word} {count:.0f}' for word, count in counts.items() if count)}")
    say(
        f"answers: {report['answered']}; longest lag {max(late, default=0.0):.1f} s of {len(late):,} polls that were due"
    )
    lines = log.read_bytes()[said:].decode(errors="replace").splitlines()
    complaints = [line for line in lines if '"level": "info"' not in line]
    say(f"{len(complaints)} log lines above info{''.join(f'{chr(10)}  {line[:200]}' for line in complaints[:5])}")
    return {
        "feeds": asked.feeds,
        "minutes": asked.minutes,
        "warm_up_s": round(settled - started, 1),
        "lag_p95_s": p95(late),
        "seen_to_2xx_p95_s": p95([at - seen for at, seen in arrived.values()]),
        "rss_mb": round(peak.mb, 1),
        "cpu_share": round(spent / (end - start), 3),
        "alerts_expected": len(planted),
        "alerts_delivered": len(arrived),
    }


def _warm_up(process: "subprocess.Popen[bytes]", watch: Watch, pace: float) -> None:
    """Until every feed has been polled once, none waits, and their next polls begin. A daemon that is still late after one more round stays late."""
    told, polled = time.time(), 0.0
    while True:
        _alive(process)
        watch.look()
        now = time.time()
        polled = polled or (0.0 if watch.never else now)
        if polled and watch.overdue < SETTLED:
            time.sleep(max(0.0, watch.first - now))  # nothing happens before that
            return
        if polled and now - polled > pace:
            say(f"it does not catch up: a feed is overdue for {watch.overdue:.0f} s; measuring begins all the same")
            return
        if now - told > TELL_EVERY:
            told = now
            words = f"{watch.never:,} feeds have never been polled, one is overdue for {watch.overdue:.0f} s"
            say(f"warming up: {words}, {cpu_seconds(process.pid):.1f} CPU-s")
        time.sleep(LOOK_EVERY)


def _until(process: "subprocess.Popen[bytes]", watch: Watch, end: float) -> None:
    told = time.time()
    while (now := time.time()) < end:
        _alive(process)
        watch.look()
        if now - told > TELL_EVERY:
            told = now
            say(f"measuring: {end - now:.0f} s left, longest overdue {watch.overdue:.1f} s")
        time.sleep(min(LOOK_EVERY, max(0.0, end - time.time())))


def _alive(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        raise LoadError(f"the daemon ended with {process.returncode}")


def _arrivals(sink: Helper, planted: set[tuple[int, ...]]) -> dict[tuple[int, ...], tuple[float, float]]:
    """Each planted entry with when it arrived first, and when newsmon had seen it first. Waits for the last ones."""
    deadline = time.time() + GRACE
    while True:
        report = sink.ask("report")
        if report["refused"]:
            raise LoadError(f"{report['refused']} webhooks were signed wrongly")
        arrived: dict[tuple[int, ...], tuple[float, float]] = {}
        for at, seen, link in report["arrived"]:
            if (found := LINK.search(link)) and (entry := (int(found[1]), int(found[2]))) in planted:
                arrived.setdefault(entry, (at, datetime.fromisoformat(seen).timestamp()))
        if len(arrived) == len(planted) or time.time() > deadline:
            return arrived
        time.sleep(1)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__.partition("\n")[0])
    arguments.add_argument("--feeds", type=int, default=10_000)
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--topics", type=int, default=1_000)
    arguments.add_argument("--pace", type=int, default=300, help="seconds between the polls of a feed")
    arguments.add_argument("--concurrency", type=int, default=32, help="poll.concurrency of the daemon")
    asked = arguments.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else FILES, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended, too
    try:
        with ExitStack() as stack:
            row = measure(asked, stack)
    except LoadError as error:
        sys.exit(f"no figures: {error}")
    print(json.dumps(row))


if __name__ == "__main__":
    main()
