"""open: a path in, a Store out: migrated, with its one writer and its readers."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from monitor.adapters.store.dialect import READERS_MAX, check_writable, open_engine, size_bytes, tidy, translated
from monitor.adapters.store.writer import Writer
from monitor.ports import StorageError

T = TypeVar("T")


def _quiet(_: object) -> None:
    """Nobody counts: what a command needs."""


class Store:
    """The database of one installation. Writes go through one thread and are committed in groups; readers have their own connections."""

    def __init__(
        self,
        path: Path,
        *,
        committed: Callable[[timedelta], None] = _quiet,
        failed: Callable[[str], None] = _quiet,
    ) -> None:
        """Create or migrate the database. Raises StorageError with what to do where that cannot be."""
        self.path = path
        self._engine = open_engine(path)
        try:
            migrate(self._engine, path)
        except StorageError:
            self._engine.dispose()
            raise
        self._reading = open_engine(path, readonly=True)
        self._readers = ThreadPoolExecutor(READERS_MAX, thread_name_prefix="store-reader")
        self._writer = Writer(self._engine, committed=committed, failed=failed)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in a transaction; return when it is committed. Raises StorageError, or what `work` raised."""
        return await asyncio.wrap_future(self._writer.submit(work))

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """As `write`, for callers without a loop."""
        return self._writer.submit(work).result()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on a reading connection: what is committed now, and nothing is written."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.read_now, work)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """As `read`, in the thread of the caller."""
        return read(self._reading, work)

    async def check(self) -> None:
        """Raise StorageError unless the database takes writes."""
        await self.write(check_writable)

    async def tidy(self) -> None:
        """Give space back to the file system."""
        await asyncio.get_running_loop().run_in_executor(self._readers, tidy, self._engine)

    @property
    def size_bytes(self) -> int:
        return size_bytes(self.path)

    def close(self) -> None:
        self._writer.close()
        self._readers.shutdown()
        self._reading.dispose()
        self._engine.dispose()  # last: SQLite clears its log away when the last connection that can write goes


def read(engine: Engine, work: Callable[[Connection], T]) -> T:
    try:
        with engine.connect() as tx:
            return work(tx)
    except DBAPIError as error:
        raise translated(error) from error


def open_readonly(path: Path) -> Engine:
    """An engine for a command that only reads. Raises StorageError where there is no database, or another version of one."""
    if not path.exists():
        raise StorageError("other", f"there is no database at {path}: start `newsmon run` first")
    engine = open_engine(path, readonly=True)
    have, want = read(engine, _revision), _head()
    if have != want:
        engine.dispose()
        raise StorageError(
            "other", f"{path} has schema {have}, this newsmon needs {want}: start `newsmon run` to upgrade it"
        )
    return engine


def migrate(engine: Engine, path: Path) -> None:
    """Bring the schema to this version, in one transaction. Raises StorageError with what to do."""
    if not path.parent.is_dir():
        raise StorageError(
            "other", f"the folder {path.parent} does not exist: create it, or set `database` in settings.yaml"
        )
    try:
        with engine.begin() as tx:
            have = _revision(tx)
            if have is not None and have not in _known():
                raise StorageError(
                    "other",
                    f"{path} was written by a newer newsmon (schema {have}): run that version, or restore a backup",
                )
            config = _alembic()
            config.attributes["connection"] = tx
            command.upgrade(config, "head")
    except DBAPIError as error:
        failure = translated(error)
        raise StorageError(failure.kind, f"{path}: {failure.detail}{_advice(failure.kind, path)}") from error


def _advice(kind: str, path: Path) -> str:
    advice = {
        "corrupt": " (this is no database of newsmon, or it is damaged: restore a backup, or move it away to start anew)",
        "readonly": f" (it cannot be written by uid {os.geteuid()})",
        "locked": " (another process holds it)",
        "full": " (the disk is full)",
        "other": f" (does uid {os.geteuid()} own {path.parent}?)",
    }
    return advice[kind]


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _head() -> str | None:
    return ScriptDirectory.from_config(_alembic()).get_current_head()


def _known() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()}


def _revision(tx: Connection) -> str | None:
    return MigrationContext.configure(tx).get_current_revision()
