"""systemd: what the daemon tells its service manager, as datagrams (sd_notify(3)); silence where there is none."""

import os
import socket
from collections.abc import Mapping
from datetime import timedelta


class Systemd:
    """Speaks to the socket that NOTIFY_SOCKET names. A manager that does not listen never stops the daemon."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        if address.startswith("@"):  # Linux's abstract namespace
            address = "\0" + address[1:]
        self._address = address if address.startswith(("/", "\0")) else ""
        meant_for_us = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        usec = environ.get("WATCHDOG_USEC", "")
        self._watchdog = timedelta(microseconds=int(usec)) if meant_for_us and usec.isdecimal() else timedelta()

    @property
    def watchdog_every(self) -> timedelta | None:
        """How often `watchdog` is to be called: half the time after which systemd kills. None: nobody waits for it."""
        return self._watchdog / 2 or None

    def ready(self) -> None:
        self._notify("READY=1")

    def stopping(self) -> None:
        self._notify("STOPPING=1")

    def watchdog(self) -> None:
        self._notify("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Shows `text` in `systemctl status`, on one line."""
        self._notify("STATUS=" + " ".join(text.split()))

    def _notify(self, state: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(
                socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
            ) as channel:
                channel.sendto(state.encode(), self._address)
        except OSError:
            return  # it is gone or its queue is full: the next message says it again, or systemd acts on the silence
