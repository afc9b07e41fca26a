"""reading: the path of a database in, a way to ask it out. Nothing is written, whoever runs beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

from monitor.adapters.store.open import open_readonly, read
from monitor.adapters.store.writer import Work

T = TypeVar("T")


class Read(Protocol):
    """Runs a function of the store's rooms on a reading connection. Raises StorageError."""

    def __call__(self, work: Work[T], /) -> T: ...


@contextmanager
def reader(database: Path) -> Iterator[Read]:
    """Raises StorageError where there is no database, or another version of one."""
    engine = open_readonly(database)
    try:
        yield lambda work: read(engine, work)
    finally:
        engine.dispose()
