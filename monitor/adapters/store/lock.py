"""lock: one daemon a database. The lock is on the role `run`; commands write beside it in short transactions."""

import fcntl
import json
import os
import socket
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self


class Held(Exception):  # noqa: N818  the word says who holds it
    """Another daemon runs on this database."""


class RunLock:
    """An advisory lock on `<database>.lock`, freed by the kernel however the process ends. The file says who holds it."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file: IO[str] | None = None

    def take(self, now: datetime) -> None:
        """Take the lock, or raise Held with who holds it."""
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = self._path.read_text(errors="replace").strip()
            file.close()
            raise Held(f"another newsmon runs on this database: {holder or 'it did not say who it is'}") from error
        file.truncate(0)
        file.write(
            json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": now.isoformat(timespec="seconds")})
        )
        file.flush()
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
