"""What the unit of systemd promises, and that the daemon says to systemd what the unit waits for."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

from monitor.commands.init import init
from monitor.config import load, shipped
from monitor.config.units import Duration

UNIT = Path(__file__).parents[2] / "packaging" / "systemd" / "newsmon.service"


def unit() -> dict[str, list[str]]:
    """Its settings, each with all its values."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.read_text("utf-8").splitlines():
        if setting := re.fullmatch(r"([A-Za-z]+)=(.*)", line):
            found[setting[1]].append(setting[2])
    return found


def test_is_kept_running_and_watched() -> None:
    wanted = {"Type": "notify", "NotifyAccess": "main", "Restart": "always", "WatchdogSec": "60s"}
    assert {name: unit()[name] for name in wanted} == {name: [value] for name, value in wanted.items()}


def test_can_write_only_its_state() -> None:
    wanted = {"ProtectSystem": "strict", "StateDirectory": "newsmon", "ProtectHome": "yes", "PrivateTmp": "yes"}
    assert {name: unit()[name] for name in wanted} == {name: [value] for name, value in wanted.items()}
    assert "NEWSMON_DATABASE=/var/lib/newsmon/newsmon.sqlite" in unit()["Environment"]
    assert "ReadWritePaths" not in unit()


def test_has_no_privilege() -> None:
    wanted = {"NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "RestrictSUIDSGID": "yes", "User": "newsmon"}
    assert {name: unit()[name] for name in wanted} == {name: [value] for name, value in wanted.items()}


def test_is_given_the_time_to_drain() -> None:
    stop = Duration("1s", "1h").read(unit()["TimeoutStopSec"][0])
    assert stop >= load(shipped(), {}).settings.drain + timedelta(seconds=10)


def test_the_daemon_tells_what_the_unit_waits_for(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    init(folder)
    feed = "feeds:\n  - {id: a, url: 'http://127.0.0.1:1024/', publisher: A, allow_private: [127.0.0.1]}\n"
    (folder / "feeds.yaml").write_text(feed, encoding="utf-8")
    (folder / "settings.yaml").write_text("database: ${NEWSMON_DATABASE}\nweb: {listen: off}\n", encoding="utf-8")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, (tmp_path / "log").open("wb") as log:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        environ = os.environ | {
            "NEWSMON_CONFIG": str(folder),
            "NEWSMON_DATABASE": str(tmp_path / "newsmon.sqlite"),
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "WATCHDOG_USEC": "2000000",
        }
        daemon = subprocess.Popen([sys.executable, "-m", "monitor", "run"], env=environ, stderr=log)
        heard: list[str] = []
        try:
            for awaited in ("READY=1", "WATCHDOG=1"):
                while awaited not in heard:
                    heard.append(manager.recv(4096).decode())
            daemon.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in heard:
                heard.append(manager.recv(4096).decode())
            daemon.wait(timeout=30)
        except TimeoutError:
            heard.append((tmp_path / "log").read_text("utf-8"))
        finally:
            daemon.kill()
            daemon.wait()
    assert (heard[0], heard[-1], daemon.returncode) == ("READY=1", "STOPPING=1", 0)
