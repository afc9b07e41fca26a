"""dialect: a database's path in, an engine out. The only room that knows which database it is."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from monitor.ports import StorageError

__all__ = ["check_writable", "insert", "open_engine", "size_bytes", "tidy", "translated"]

BUSY_TIMEOUT_MS = 5_000
READERS_MAX = 4
CACHE_KIB = 16 * 2**10  # of the writer: entries are looked up by keys that lie all over their index
VACUUM_PAGES = 1_000  # given back to the file system in one go, so that no writer waits long

_KINDS = {
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "readonly",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
}


def open_engine(path: Path, *, readonly: bool = False) -> Engine:
    """An engine whose transactions begin with `BEGIN IMMEDIATE` (reading ones with `BEGIN`) and are durable when committed.

    sqlite3's own transaction control is switched off: it begins too late for a read that is followed by a write
    (https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#serializable-isolation-savepoints-transactional-ddl).
    """

    def connect() -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode={'ro' if readonly else 'rwc'}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            if readonly:
                connection.execute("PRAGMA query_only=ON")
            else:
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # counts for a new file only
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
                connection.execute("PRAGMA foreign_keys=ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    size = READERS_MAX if readonly else 1  # the one writing connection; housekeeping overflows for a moment
    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, pool_size=size, max_overflow=0 if readonly else 1
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    return engine


def translated(error: DBAPIError) -> StorageError:
    """A database library's error as ours, its cause kept by the caller's `raise … from`."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return StorageError(_KINDS.get(code, "other"), str(error.orig))


def check_writable(tx: Connection) -> None:
    """Write a row that changes nothing: raises where the database takes no writes."""
    tx.execute(text("UPDATE alembic_version SET version_num = version_num"))


def size_bytes(path: Path) -> int:
    """The database with what its log holds, in bytes."""
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def tidy(engine: Engine) -> None:
    """Give free pages back and shorten the log, outside any transaction."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.close()
