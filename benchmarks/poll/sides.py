"""sides: a command in, a side of the comparison out: a process that is told what to do and asked what it took.

A side answers a line for each line: first when it has started; then, for a case, when it is ready, when all feeds have been polled, and what
it holds now. What is measured lies between ready and polled.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.helper import ROOT, environ, work_folder
from benchmarks.usage import PeakMemory, cpu_seconds, resident_mb

HERE = Path(__file__).parent
READER_LOCK = HERE / "reader.lock"


class SideError(Exception):
    """A side did not do its work: the figures would mean nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    cpu_s: float
    rss_mb: float
    report: dict[str, Any]


class Side:
    """Running while it is entered."""

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self._log = log
        with log.open("w") as errors:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
                env=environ(),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def started(self) -> Cost:
        """What it took until it could begin."""
        self._hear()
        pid = self._process.pid
        return Cost(cpu_s=cpu_seconds(pid), rss_mb=resident_mb(pid), report={})

    def run(self, case: str) -> Cost:
        self._tell(case)
        self._hear()
        before = cpu_seconds(self._process.pid)
        with PeakMemory(self._process.pid) as peak:
            self._tell("go")
            self._hear()
        spent = cpu_seconds(self._process.pid) - before
        self._tell("report")
        return Cost(cpu_s=spent, rss_mb=peak.mb, report=self._hear())

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return  # what it says, or does not say, tells why

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            words = "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
            raise SideError(f"{self.name} ended with {self._process.wait()}:\n{words}")
        heard: dict[str, Any] = json.loads(line)
        return heard


def reader_python() -> Path:
    """The Python of an environment with `reader` in it, made now unless it is there, of exactly what `reader.lock` names."""
    home = work_folder() / "reader"
    python, stamp = home / "bin" / "python", home / "lock"
    if not stamp.is_file() or stamp.read_bytes() != READER_LOCK.read_bytes():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", str(READER_LOCK)], check=True, stdout=sys.stderr)
        stamp.write_bytes(READER_LOCK.read_bytes())
    return python
