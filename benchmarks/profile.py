"""profile: where the time of a piece of work goes, if `NEWSMON_BENCH_PROFILE` names a folder for the answer; nothing otherwise.

cProfile of the thread that works and of every thread that it starts would distort what is cheap and called often. So a thread looks on at
all threads every millisecond and gives each one's CPU time since then to the line of calls in which it finds it.
"""

import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

VARIABLE = "NEWSMON_BENCH_PROFILE"
LOOK_EVERY = 0.001
SWITCH_EVERY = 0.0002
DEPTH_MAX = 60


@contextmanager
def profiled(name: str) -> Iterator[None]:
    """Writes NAME.folded: a line of calls and its microseconds, as flame graphs take it."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        yield
        return
    looking = _Looking()
    looking.start()
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_EVERY)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
        looking.over.set()
        looking.join()
        lines = [f"{calls} {round(seconds * 1e6)}\n" for calls, seconds in sorted(looking.found.items())]
        (Path(folder) / f"{name}.folded").write_text("".join(lines))


class _Looking(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.found: defaultdict[str, float] = defaultdict(float)

    def run(self) -> None:
        own = threading.get_ident()
        used = {thread: _cpu(thread) for thread in sys._current_frames() if thread != own}  # noqa: SLF001
        while not self.over.wait(LOOK_EVERY):
            frames = sys._current_frames()  # noqa: SLF001
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for thread, frame in frames.items():
                if thread == own:
                    continue
                now = _cpu(thread)
                spent = now - used.get(thread, 0.0)
                used[thread] = now
                if spent > 0:
                    name = names.get(thread, "?").partition("-")[0].partition("_")[0]
                    self.found[f"{name};{_calls(frame)}"] += spent


def _cpu(thread: int) -> float:
    try:
        return time.clock_gettime(time.pthread_getcpuclockid(thread))
    except OSError:
        return 0.0


def _calls(frame: FrameType | None) -> str:
    calls: list[str] = []
    while frame is not None and len(calls) < DEPTH_MAX:
        code = frame.f_code
        file = Path(code.co_filename)
        calls.append(f"{file.parent.name}/{file.stem}.{code.co_qualname}")
        frame = frame.f_back
    return ";".join(reversed(calls))
