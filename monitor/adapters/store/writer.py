"""writer: functions over a transaction in, their results out, committed in groups by one thread."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from monitor.adapters.store.dialect import translated
from monitor.ports import StorageError

T = TypeVar("T")
Work = Callable[[Connection], T]

GROUP_MAX = 100  # functions in one commit

# Standard SQL, written out: `begin_nested` costs more than many a function does within it.
_SAVEPOINT, _RELEASE, _UNDO = "SAVEPOINT one", "RELEASE SAVEPOINT one", "ROLLBACK TO SAVEPOINT one"


@dataclass(slots=True)
class _Job:
    work: Work[Any]
    future: Future[Any] = field(default_factory=Future)


class Writer:
    """One thread that owns the one writing connection.

    What waits is committed together, each function in a savepoint of its own: a failing one never harms its neighbours. A
    function may run more than once, so it computes everything from its transaction. Its future is done when the commit is.
    """

    def __init__(
        self, engine: Engine, *, committed: Callable[[timedelta], None], failed: Callable[[str], None]
    ) -> None:
        self._engine = engine
        self._committed = committed
        self._failed = failed
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> Future[T]:
        if self._closed:
            raise StorageError("other", "the store is closed")
        job = _Job(work)
        self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Write what waits, then stop."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        open_ = True
        while open_:
            group: list[_Job] = []
            job = self._jobs.get()
            while job is not None:
                group.append(job)
                if len(group) == GROUP_MAX or self._jobs.empty():
                    break
                job = self._jobs.get()
            open_ = job is not None
            if group:
                self._commit(group)

    def _commit(self, group: list[_Job]) -> None:
        group = [job for job in group if job.future.set_running_or_notify_cancel()]
        started = time.perf_counter()
        try:
            with self._engine.begin() as tx:
                outcomes = [_run_one(tx, job, alone=len(group) == 1) for job in group]
        except StorageError as error:
            self._fail(group, error)
        except DBAPIError as error:
            failure = translated(error)
            failure.__cause__ = error
            self._fail(group, failure)
        except Exception as error:  # noqa: BLE001  the thread must live: its callers get what happened
            self._fail(group, error)
        else:
            self._committed(timedelta(seconds=time.perf_counter() - started))
            for job, (result, failure_of_one) in zip(group, outcomes, strict=True):
                if failure_of_one is None:
                    job.future.set_result(result)
                else:
                    job.future.set_exception(failure_of_one)

    def _fail(self, group: list[_Job], error: Exception) -> None:
        if isinstance(error, StorageError):
            self._failed(error.kind)
        for job in group:
            job.future.set_exception(error)


def _run_one(tx: Connection, job: _Job, *, alone: bool) -> tuple[Any, Exception | None]:
    """The function's result, or its own failure. A failure of the database itself is raised: it concerns the whole group."""
    if alone:
        return job.work(tx), None
    tx.exec_driver_sql(_SAVEPOINT)
    try:
        result = job.work(tx)
    except IntegrityError as error:
        tx.exec_driver_sql(_UNDO)
        failure = translated(error)
        failure.__cause__ = error
        return None, failure
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001  whatever one function raises belongs to its caller alone
        tx.exec_driver_sql(_UNDO)
        return None, error
    tx.exec_driver_sql(_RELEASE)
    return result, None
