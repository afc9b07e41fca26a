"""helper: a module in, a process of it out that says a port and then serves on loopback until it is left."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parent.parent
WORK = ROOT / ".bench"


class Helper:
    def __init__(self, module: str, arguments: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environ(),
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def ask(self, word: str) -> Any:
        """What it answers to `GET /-/WORD`."""
        with self._opener.open(f"http://127.0.0.1:{self.port}/-/{word}") as answer:
            return json.load(answer)


def environ() -> dict[str, str]:
    """Of what is measured: no proxy between it and loopback, and nothing of another newsmon."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
        and (name.startswith("NEWSMON_BENCH_") or not name.startswith(("NEWSMON_", "NOTIFY_", "WATCHDOG_")))
    }


def work_folder() -> Path:
    """Where benchmarks write: in the checkout, so on a disk and not in memory, and unknown to git."""
    WORK.mkdir(exist_ok=True)
    (WORK / ".gitignore").write_text("*\n")
    return WORK
