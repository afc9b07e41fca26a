"""app: the real daemon, started and stopped; what it says of itself is true."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.main import app

STARTED_SECONDS_MAX = 20.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    assert CliRunner().invoke(app, ["--config", str(made), "init"]).exit_code == 0
    (made / "feeds.yaml").write_text("feeds: []\n")
    return made


def _until_said(log: Path, words: str, daemon: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + STARTED_SECONDS_MAX
    while words not in log.read_text() and time.monotonic() < end and daemon.poll() is None:
        time.sleep(0.05)
    return log.read_text()


@pytest.mark.parametrize(
    "doors",
    ["web: {listen: 127.0.0.1:0}\n", 'web: {listen: 127.0.0.1:0}\nmetrics: {listen: "127.0.0.1:0"}\n'],
    ids=["one door", "two doors"],
)
def test_the_doors_are_where_it_says(folder: Path, tmp_path: Path, doors: str) -> None:
    (folder / "settings.yaml").write_text(doors)
    log = tmp_path / "log"
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", "monitor", "--config", str(folder), "run"], stderr=out, stdout=out
        ) as daemon,
    ):
        said = _until_said(log, "routes", daemon)
        found = dict(re.findall(r"(health|metrics) on (http://127\.0\.0\.1:\d+)", said))
        alive = urllib.request.urlopen(f"{found['health']}/healthz", timeout=5).read()
        counted = urllib.request.urlopen(f"{found['metrics']}/metrics", timeout=5).read()
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(STARTED_SECONDS_MAX) == 0
    assert (alive, b"newsmon_build_info" in counted) == (b"alive\n", True)
    assert (found["health"] == found["metrics"]) is ("metrics:" not in doors)
    assert sorted(path.name for path in folder.glob("*.sqlite*")) == ["newsmon.sqlite", "newsmon.sqlite.lock"]


def test_n15_the_daemon_does_not_poll_itself(folder: Path, tmp_path: Path) -> None:
    """Also where everything private is allowed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "settings.yaml").write_text(f"web: {{listen: 127.0.0.1:{port}}}\nlogs: {{level: debug}}\n")
    feed = f"id: own, publisher: Own, url: 'http://127.0.0.1:{port}/healthz', allow_private: [127.0.0.0/8]"
    (folder / "feeds.yaml").write_text(f"defaults: {{interval: 1s}}\nfeeds: [{{{feed}}}]\n")
    log = tmp_path / "log"
    command = [sys.executable, "-m", "monitor", "--config", str(folder), "run"]
    with log.open("wb") as out, subprocess.Popen(command, stderr=out, stdout=out) as daemon:
        said = _until_said(log, "newsmon itself", daemon)
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(STARTED_SECONDS_MAX) == 0
    assert f"127.0.0.1 port {port} is newsmon itself" in said


def test_a_second_daemon_names_the_first(folder: Path, tmp_path: Path) -> None:
    (folder / "settings.yaml").write_text("web: {listen: 127.0.0.1:0}\n")
    log = tmp_path / "log"
    command = [sys.executable, "-m", "monitor", "--config", str(folder), "run"]
    with log.open("wb") as out, subprocess.Popen(command, stderr=out, stdout=out) as first:
        _until_said(log, "routes", first)
        second = subprocess.run(command, capture_output=True, text=True, check=False, timeout=STARTED_SECONDS_MAX)
        first.send_signal(signal.SIGTERM)
        assert first.wait(STARTED_SECONDS_MAX) == 0
    assert second.returncode == 2
    assert f'another newsmon runs on this database: {{\\"pid\\": {first.pid}' in second.stderr


@contextmanager
def _elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server whose feeds are not there, and whose other paths answer; and the paths that were asked."""
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(404 if self.path.startswith("/feed") else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()


def test_an_operator_is_told_and_the_heart_beats_and_no_key_is_shown(folder: Path, tmp_path: Path) -> None:
    key = "c4n4ry-0123456789"
    log = tmp_path / "log"
    with _elsewhere() as (url, asked):
        near = ["127.0.0.0/8"]
        feed = {"id": "lost", "url": f"{url}/feed?key={key}", "publisher": "Nobody", "allow_private": near}
        (folder / "feeds.yaml").write_text(json.dumps({"feeds": [feed]}))
        heartbeat = {"url": f"{url}/ping/{key}", "every": "5s", "allow_private": near}
        settings = {"web": {"listen": "127.0.0.1:0"}, "logs": {"level": "debug"}, "heartbeat": heartbeat}
        (folder / "settings.yaml").write_text(json.dumps(settings))
        command = [sys.executable, "-m", "monitor", "--config", str(folder), "run"]
        with log.open("wb") as out, subprocess.Popen(command, stderr=out, stdout=out) as daemon:
            _until_said(log, "OPERATIONS", daemon)
            end = time.monotonic() + STARTED_SECONDS_MAX
            while f"/ping/{key}" not in asked and time.monotonic() < end:
                time.sleep(0.05)
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(STARTED_SECONDS_MAX) == 0
    assert set(asked) == {f"/feed?key={key}", f"/ping/{key}"}
    said = log.read_text()
    assert said.count("OPERATIONS MEDIUM feed.failing: feed lost (Nobody) is failing: 404 Not Found") == 1
    assert key not in said
    (row,) = CliRunner().invoke(app, ["--config", str(folder), "alerts", "--json"]).stdout.splitlines()
    assert (json.loads(row)["type"], key in row) == ("feed.failing", False)
    shown = CliRunner().invoke(app, ["--config", str(folder), "alerts"]).stdout
    assert "feed.failing" in shown
    assert "feed lost (Nobody) is failing: 404 Not Found (its poll failed, it never answered as a feed should)" in shown
