"""SIGKILL at every point of the chain: nothing is missing afterwards, and what repeats bears the same webhook-id."""

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

DAEMON = Path(__file__).with_name("daemon.py")
POINTS = (
    "P1 before fetch",
    "P2 mid-body",
    "P3 after parse",
    "P4 mid-transaction",
    "P5 after item commit",
    "P6 before claim",
    "P7 after claim before POST",
    "P8 after POST before 2xx",
    "P9 after 2xx before commit",
)
SEEDS = (1, 2, 3)
FEEDS = 3
ITEMS = 8  # of each feed
RECEIVERS = ("desk", "chat")
CONCURRENCY = 4  # deliveries in flight per receiver
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LIMIT_S = 40.0


class World:
    """The feeds and the receivers, and a hand on the daemon's plug."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.answered: dict[str, list[tuple[str, dict[str, Any]]]] = {name: [] for name in RECEIVERS}  # 2xx by receiver
        self.pid = 0
        self.kill_at = ""
        self.kill_after = 0
        self.servers = [self._serve(f"127.0.0.{n + 2}", Feed) for n in range(FEEDS)]
        self.sink = self._serve("127.0.0.1", Sink)

    def _serve(self, host: str, handler: type[BaseHTTPRequestHandler]) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer((host, 0), type(handler.__name__, (handler,), {"world": self}))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server

    def touch(self, point: str) -> None:
        with self.lock:
            if self.kill_at != point:
                return
            self.kill_after -= 1
            if self.kill_after == 0:
                self.kill_at = ""
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        for server in (*self.servers, self.sink):
            server.shutdown()
            server.server_close()


class Quiet(BaseHTTPRequestHandler):
    world: World

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


class Feed(Quiet):
    def do_GET(self) -> None:
        host = self.server.server_address[0]
        entries = "".join(
            f"<item><guid>{host}-{n}</guid><link>https://news.example/{host}/{n}</link>"
            f"<title>Minerals deal: report {n} of {host}</title><description>About the minerals deal, part {n}.</description></item>"
            for n in range(ITEMS)
        )
        body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title>{entries}</channel></rss>'.encode()
        self.send_response(200)
        self.send_header("content-type", "application/rss+xml")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self.world.touch("P2 mid-body")
            self.wfile.write(body[len(body) // 2 :])


class Sink(Quiet):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        payload = Webhook(SECRET).verify(body, {name.lower(): value for name, value in self.headers.items()})
        self.world.touch("P8 after POST before 2xx")
        with self.world.lock:
            self.world.answered[self.path.strip("/")].append((self.headers["webhook-id"], payload))
        with contextlib.suppress(OSError):
            self.send_response(204)
            self.end_headers()


def _configure(folder: Path, world: World) -> None:
    (folder / "topics").mkdir(parents=True)
    (folder / "settings.yaml").write_text(
        "web: {listen: 127.0.0.1:0}\n"
        "logs: {level: warning}\n"
        "poll: {parse_workers: 1}\n"
        f"delivery: {{interval: 100ms, concurrency: {CONCURRENCY}}}\n"
    )
    feeds = [
        {
            "id": f"wire-{n}",
            "url": f"http://{server.server_address[0]}:{server.server_address[1]}/rss",
            "publisher": f"Wire {n}",
            "first_poll": "all",
            "interval": "2s",
            "allow_private": ["127.0.0.0/8"],
        }
        for n, server in enumerate(world.servers)
    ]
    (folder / "feeds.yaml").write_text(json.dumps({"feeds": feeds}))
    topic = {"id": "minerals-deal", "title": "The minerals deal", "severity": "high", "query": "minerals NEAR/3 deal"}
    (folder / "topics" / "pack.yaml").write_text(json.dumps({"topics": [topic]}))
    host, port = world.sink.server_address[:2]
    receivers = [
        {
            "id": name,
            "webhook": {"url": f"http://{host}:{port}/{name}", "secret": SECRET},
            "allow_private": ["127.0.0.0/8"],
        }
        for name in RECEIVERS
    ]
    routes = [{"receiver": name} for name in RECEIVERS]
    (folder / "alerts.yaml").write_text(json.dumps({"receivers": receivers, "routes": routes}))


def _start(folder: Path, point: str, count: int, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen([sys.executable, str(DAEMON), str(folder), point, str(count)], stderr=out, stdout=out)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_lost_and_repeats_are_known_by_their_id(point: str, seed: int, world: World, tmp_path: Path) -> None:
    luck = random.Random(f"{point} {seed}")
    per_feed = point[:2] in {"P1", "P2", "P3", "P4", "P5"}
    count = luck.randint(1, FEEDS if per_feed else FEEDS * ITEMS)
    if point.startswith("P6"):
        count = luck.randint(1, 4)
    config, log = tmp_path / "config", tmp_path / "log"
    _configure(config, world)

    first = _start(config, point, count, log)
    world.pid, world.kill_after, world.kill_at = first.pid, count, point
    assert first.wait(LIMIT_S) == -signal.SIGKILL, log.read_text()
    in_flight_max = CONCURRENCY * len(RECEIVERS)
    before = {name: len(answered) for name, answered in world.answered.items()}

    second = _start(config, "none", 0, log)
    expected = {f"https://news.example/127.0.0.{n + 2}/{item}" for n in range(FEEDS) for item in range(ITEMS)}
    links = _wait(world, expected, second)
    second.send_signal(signal.SIGTERM)
    assert second.wait(LIMIT_S) == 0, log.read_text()

    assert links == dict.fromkeys(RECEIVERS, expected), (
        f"seed {seed}, killed at {point} number {count}: {before} had arrived"
    )
    repeats = 0
    for name in RECEIVERS:
        ids_of_link: dict[str, set[str]] = {}
        for webhook_id, payload in world.answered[name]:
            ids_of_link.setdefault(payload["data"]["items"][0]["link"], set()).add(webhook_id)
        assert {len(ids) for ids in ids_of_link.values()} == {1}
        repeats += sum(count - 1 for count in Counter(webhook_id for webhook_id, _ in world.answered[name]).values())
        sequences = {payload["data"]["sequence"] for _, payload in world.answered[name]}
        assert sequences == set(range(1, FEEDS * ITEMS + 1))
    assert repeats <= in_flight_max
    with contextlib.closing(sqlite3.connect(config / "newsmon.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM deliveries WHERE state != 'delivered'").fetchone() == (0,)


def _wait(world: World, expected: set[str], daemon: subprocess.Popen[bytes]) -> dict[str, set[str]]:
    """The links that each receiver got, as soon as they are all there, or when the time is up."""
    end = time.monotonic() + LIMIT_S
    while True:
        with world.lock:
            links = {
                name: {payload["data"]["items"][0]["link"] for _, payload in answered}
                for name, answered in world.answered.items()
            }
        if links == dict.fromkeys(RECEIVERS, expected) or time.monotonic() > end or daemon.poll() is not None:
            time.sleep(0.5)  # what would come on top comes now
            return links
        time.sleep(0.05)
