"""parse_pool: documents in, what steps/parse makes of them out, by worker processes that can be killed.

Hostile bytes can keep a parser busy for minutes or make it eat all memory, and no thread can be stopped. So each
document is read in a process with limits; what breaks them costs its worker and is a ParseFailure, the others go on.
"""

import asyncio
import multiprocessing
import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from xml.sax import SAXReaderNotAvailable

from pebble import ProcessExpired, ProcessPool

from monitor.model.item import Parsed, ParseFailure
from monitor.model.poll import Document
from monitor.steps.parse import parse
from monitor.steps.trim import trim

BODY_BYTES_MAX = 10 * 2**20
ATTEMPTS_MAX = 2  # of a document whose pool broke: it may have been a neighbour's fault
_PATIENCE = timedelta(seconds=10)  # beyond the wall limit: for a worker to start and an answer to travel
_TASKS_MAX = 500  # a worker is replaced after so many: what a parser leaks or fragments has an end
_OUT_OF_MEMORY = 77  # the exit code of a worker that ran into its limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one document may cost."""

    wall: timedelta = timedelta(seconds=20)
    cpu: timedelta = timedelta(seconds=10)
    memory_bytes: int = 256 * 2**20  # of address space, beyond what a worker has before it reads anything


class ParsePool:
    """At most `workers` documents are read at a time; the rest wait their turn. Starts with the first document."""

    def __init__(self, *, workers: int, limits: Limits | None = None) -> None:
        self._workers = workers
        self._limits = limits or Limits()
        self._slots = asyncio.Semaphore(workers)
        self._changing = asyncio.Lock()
        self._pool: ProcessPool | None = None
        self._answers: set[asyncio.Future[Parsed | ParseFailure]] = set()
        self._closed = False

    async def parse(self, document: Document, now: datetime) -> Parsed | ParseFailure:
        """Never raises for what a document does."""
        if len(document.body) > BODY_BYTES_MAX:
            # An argument that a worker has no memory to receive would break the pool for good.
            return ParseFailure(detail=f"larger than {BODY_BYTES_MAX // 2**20} MiB", limit=True)
        async with self._slots:
            for _ in range(ATTEMPTS_MAX):
                if self._closed:
                    return ParseFailure(detail="the parser was closed", limit=True)
                with suppress(_BrokenPoolError):
                    return await self._ask(document, now)
        return ParseFailure(detail="the worker processes broke down while reading it", limit=True)

    async def close(self) -> None:
        """Ends the workers at once; what is being read ends as a failure."""
        self._closed = True
        await self._discard(self._pool)

    async def _ask(self, document: Document, now: datetime) -> Parsed | ParseFailure:
        pool = await self._running()
        try:
            task = pool.schedule(_work, args=(document, now, self._limits.cpu), timeout=self._wall())
        except RuntimeError as error:
            await self._discard(pool)
            raise _BrokenPoolError from error
        answer = asyncio.wrap_future(task)
        self._answers.add(answer)
        try:
            await asyncio.wait({answer}, timeout=self._wall() + _PATIENCE.total_seconds())
        finally:
            self._answers.discard(answer)
            given_up = answer.cancel()  # kills the worker, if it is still at it
        if given_up:  # a worker that died with the pool's lock in its hand makes all others wait for ever
            await self._discard(pool)
            return self._failure(TimeoutError())
        if answer.cancelled():  # with its pool, for the fault of another document or by close()
            raise _BrokenPoolError
        failed = answer.exception()
        if isinstance(failed, RuntimeError):
            await self._discard(pool)
            raise _BrokenPoolError from failed
        return answer.result() if failed is None else self._failure(failed)

    async def _running(self) -> ProcessPool:
        async with self._changing:
            if self._closed:
                raise _BrokenPoolError
            if self._pool is None:
                self._pool = pool = self._new()
                try:
                    await asyncio.to_thread(lambda: pool.active)  # asking starts it
                except RuntimeError as error:
                    await self._end(pool)
                    raise _BrokenPoolError from error
            return self._pool

    def _new(self) -> ProcessPool:
        """A pool whose workers are forked from a process that has imported what they need, and nothing else."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        return ProcessPool(
            max_workers=self._workers,
            max_tasks=_TASKS_MAX,
            initializer=_confine,
            initargs=(self._limits.memory_bytes,),
            context=context,
        )

    async def _discard(self, pool: ProcessPool | None) -> None:
        """Ends this pool, unless that has been done."""
        async with self._changing:
            if pool is not None and self._pool is pool:
                await self._end(pool)

    async def _end(self, pool: ProcessPool) -> None:
        """Those who wait for its answers may ask the next one."""
        self._pool = None
        for answer in self._answers:
            answer.cancel()
        pool.stop()  # type: ignore[no-untyped-call]
        await asyncio.to_thread(pool.join)

    def _wall(self) -> float:
        return self._limits.wall.total_seconds()

    def _failure(self, error: BaseException) -> ParseFailure:
        """What broke, for a person."""
        match error:
            case TimeoutError():
                words = f"reading it takes longer than {self._wall():g} s"
            case ProcessExpired(exitcode=code) if code == -signal.SIGXCPU:
                words = f"reading it takes more than {self._limits.cpu.total_seconds():g} s of processor time"
            case ProcessExpired(exitcode=code) if code == _OUT_OF_MEMORY:
                words = f"reading it takes more than {self._limits.memory_bytes // 2**20} MiB of memory"
            case ProcessExpired(exitcode=code):
                words = f"the process that read it died with exit code {code}"
            case _:
                words = f"the process that read it failed: {type(error).__name__}"
        return ParseFailure(detail=words, limit=True)


class _BrokenPoolError(Exception):
    """The pool answers nobody any more; another one may."""


def _confine(memory_bytes: int) -> None:
    """Runs first in every worker: bounds what it may grow to, and leaves no core dump behind."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_bytes)


def _work(document: Document, now: datetime, cpu: timedelta) -> Parsed | ParseFailure:
    """Runs in a worker. The limit of processor time counts a process's whole life, so it is moved with each document."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _limit(resource.RLIMIT_CPU, ceil(usage.ru_utime + usage.ru_stime + cpu.total_seconds()))
    try:
        return parse(document, now, trim)
    except (MemoryError, SAXReaderNotAvailable):
        os._exit(_OUT_OF_MEMORY)  # a worker that ran out of memory is not to be trusted with the next document
    except Exception as error:  # noqa: BLE001  the promise is that no document makes the daemon raise
        return ParseFailure(detail=f"reading it failed: {type(error).__name__}: {error}"[:200])


def _limit(what: int, soft: int) -> None:
    """Never above the limit that the machine's owner has set."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
