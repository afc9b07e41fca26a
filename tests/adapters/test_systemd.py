import os
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.adapters.systemd import Systemd


def test_every_word_is_one_datagram(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        systemd = Systemd({"NOTIFY_SOCKET": address})
        systemd.ready()
        systemd.status("two feeds\nREADY=1 fail")
        systemd.watchdog()
        systemd.stopping()
        heard = [manager.recv(1000) for _ in range(4)]
    assert heard == [b"READY=1", b"STATUS=two feeds READY=1 fail", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_abstract_socket_is_found() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0newsmon-test-" + str(os.getpid()))
        Systemd({"NOTIFY_SOCKET": "@newsmon-test-" + str(os.getpid())}).ready()
        assert manager.recv(1000) == b"READY=1"


@pytest.mark.parametrize(
    "environ",
    [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nobody/listens"}, {"NOTIFY_SOCKET": "vsock:2:1"}],
    ids=["no manager", "empty", "gone", "unknown kind"],
)
def test_no_listener_is_no_error(environ: dict[str, str]) -> None:
    Systemd(environ).ready()


def test_a_manager_that_does_not_read_blocks_nobody(tmp_path: Path) -> None:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        for _ in range(1000):
            Systemd({"NOTIFY_SOCKET": address}).watchdog()


@pytest.mark.parametrize(
    ("environ", "every"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, timedelta(seconds=15)),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, timedelta(seconds=15)),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
    ids=["none", "asked", "asked of us", "asked of another", "garbage", "zero"],
)
def test_the_watchdog_is_fed_at_half_its_patience(environ: dict[str, str], every: timedelta | None) -> None:
    assert Systemd(environ).watchdog_every == every
