"""usage: a process in, the CPU time and the memory of it and of all that it has started out.

CPU time is that of every living process of the tree, to the nanosecond, and what its parent was told when one of them ended. A process whose
parent has not asked yet is a zombie and still counts itself. So nothing is lost or counted twice as long as the parents live, which they do
here: workers are children of the fork server, the fork server is one of the process that is measured. (RUSAGE_CHILDREN would know of none of
them before they end.)
"""

import os
import resource
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def tree(root: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """User and system time of the tree, and of what has ended in it."""
    return sum(_cpu_seconds(pid) for pid in tree(root))


def resident_mb(root: int) -> float:
    """What the processes of the tree hold in memory now, summed up: what they share counts for each."""
    pages = 0
    for pid in tree(root):
        try:
            pages += int((_PROC / str(pid) / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return pages * resource.getpagesize() / 2**20


class PeakMemory:
    """The most that a tree held while this was entered, asked for every so many seconds."""

    def __init__(self, root: int, every: float = 0.1) -> None:
        self._root = root
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.mb = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.mb = max(self.mb, resident_mb(self._root))
            if self._over.wait(self._every):
                return


def _stat(pid: int) -> list[str]:
    """What follows the name in /proc/PID/stat (proc(5)): the state, the parent, ...; empty if there is no such process."""
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    if not fields:
        return 0.0
    own, ended = (sum(map(int, fields[start : start + 2])) / _TICKS for start in (11, 13))
    with suppress(OSError):  # a zombie has no clock
        own = time.clock_gettime(~pid << 3 | 2)  # the process's CPU clock: clock_getcpuclockid(3)
    return own + ended
