"""app: the real daemon, started and stopped; what it says of itself is true."""

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
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
