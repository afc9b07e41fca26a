"""writing: the path of a database in, a Store to write short transactions with beside a running daemon out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.adapters.store.open import Store, open_readonly
from monitor.ports import StorageError


@contextmanager
def writer(database: Path) -> Iterator[Store]:
    """Raises StorageError where there is no database of this version, or it belongs to somebody else."""
    open_readonly(database).dispose()
    owner = database.stat().st_uid
    if owner != os.geteuid():
        detail = f"{database} belongs to uid {owner}: run this as that user, or it would leave files that the daemon cannot write"
        raise StorageError("readonly", detail)
    store = Store(database)
    try:
        yield store
    finally:
        store.close()
