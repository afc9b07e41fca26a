"""The pool of parsers: what a hostile document costs, and that it costs nobody else anything."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest

from monitor.adapters.parse_pool import BODY_BYTES_MAX, Limits, ParsePool
from monitor.model.item import Item, Parsed, ParseFailure
from monitor.model.poll import Document

NOW = datetime(2025, 2, 24, 12, 0, tzinfo=UTC)
PATIENCE_S = 30.0

URL = "https://news.example/rss"
GOOD = Document(body=b"<rss version='2.0'><channel><item><title>Talks</title></item></channel></rss>")
READ = Parsed(kind="rss20", items=(Item(title="Talks"),))


def in_a_feed(entries: bytes) -> Document:
    return Document(body=b"<rss version='2.0'><channel>" + entries + b"</channel></rss>")


# feedparser needs quadratic time for the attributes of one tag: a minute of processor time for half a megabyte.
ENDLESS = in_a_feed(b"<item " + b" ".join(b'a%d=""' % number for number in range(60_000)) + b"/>")
LARGE = in_a_feed(b"<item><title>Talks</title><description>" + b"word " * 1_900_000 + b"</description></item>")

Test = Callable[[ParsePool], Awaitable[None]]


def run(test: Test, *, workers: int = 2, limits: Limits | None = None) -> None:
    """Runs a test with a pool, and sees to it that no worker survives the pool."""

    async def with_pool() -> None:
        pool = ParsePool(workers=workers, limits=limits)
        try:
            await test(pool)
        finally:
            await pool.close()
        assert workers_alive() == []

    asyncio.run(with_pool())


def workers_alive() -> list[int]:
    return [child.pid for child in multiprocessing.active_children() if child.pid is not None]


def fields_of(pid: int) -> list[str]:
    """What the kernel says of a process after its name (proc(5)): state first. A process that is gone is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["X", *"0" * 50]


def processor_seconds(pid: int) -> float:
    user, system = fields_of(pid)[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def gone(pid: int) -> bool:
    return fields_of(pid)[0] in "XZ"


async def until(happened: Callable[[], bool]) -> None:
    deadline = monotonic() + PATIENCE_S
    while not happened():
        assert monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.02)


HOSTILE = {
    "processor time": (ENDLESS, Limits(cpu=timedelta(seconds=1)), "reading it takes more than 1 s of processor time"),
    "time": (ENDLESS, Limits(wall=timedelta(seconds=0.5)), "reading it takes longer than 0.5 s"),
    "memory": (LARGE, Limits(memory_bytes=32 * 2**20), "reading it takes more than 32 MiB of memory"),
}


@pytest.mark.parametrize(("document", "limits", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_document_that_breaks_a_limit_is_a_failure_and_the_others_are_read(
    document: Document, limits: Limits, words: str
) -> None:
    async def test(pool: ParsePool) -> None:
        answers = await asyncio.gather(*(pool.parse(each, NOW) for each in (document, GOOD, GOOD, GOOD)))
        assert answers == [ParseFailure(detail=words, limit=True), READ, READ, READ]
        assert await pool.parse(GOOD, NOW) == READ

    run(test, limits=limits)


def test_what_is_no_feed_is_a_failure_that_breaks_no_limit() -> None:
    async def test(pool: ParsePool) -> None:
        assert await pool.parse(Document(body=b"Not Found"), NOW) == ParseFailure(
            detail="not a feed: it begins with 'Not Found'"
        )

    run(test)


def test_a_document_beyond_the_size_is_refused_before_any_worker_starts() -> None:
    async def test(pool: ParsePool) -> None:
        too_large = Document(body=b" " * (BODY_BYTES_MAX + 1))
        assert await pool.parse(too_large, NOW) == ParseFailure(detail="larger than 10 MiB", limit=True)
        assert workers_alive() == []

    run(test)


def test_the_largest_document_passes_within_the_limits() -> None:
    async def test(pool: ParsePool) -> None:
        entry = b"<item><title>Talks</title><link>https://news.example/%d</link><description>%s</description></item>"
        document = in_a_feed(b"".join(entry % (number, b"peace talks " * 160) for number in range(5_000)))
        assert 0.95 * BODY_BYTES_MAX < len(document.body) <= BODY_BYTES_MAX
        for url in ("", URL):
            answer = await pool.parse(replace(document, url=url), NOW)
            assert isinstance(answer, Parsed)
            assert (len(answer.items), len(answer.entry_hashes)) == (5_000, 5_000 if url else 0)
        again = await pool.parse(replace(document, url=URL, seen=frozenset(answer.entry_hashes)), NOW)
        assert again == Parsed(kind="rss", trimmed=5_000, entry_hashes=answer.entry_hashes)

    run(test, workers=1)


def test_entries_that_were_seen_are_not_read_again() -> None:
    async def test(pool: ParsePool) -> None:
        first = await pool.parse(replace(GOOD, url=URL), NOW)
        assert isinstance(first, Parsed)
        assert (first.items, first.trimmed, len(first.entry_hashes)) == (READ.items, 0, 1)
        more = GOOD.body.replace(b"<item>", b"<item><title>More</title></item><item>")
        second = await pool.parse(Document(body=more, url=URL, seen=frozenset(first.entry_hashes)), NOW)
        assert isinstance(second, Parsed)
        assert (second.items, second.trimmed) == ((Item(title="More"),), 1)
        assert second.entry_hashes[1:] == first.entry_hashes

    run(test)


def test_a_worker_killed_while_it_reads_costs_its_document_only() -> None:
    async def test(pool: ParsePool) -> None:
        assert await pool.parse(GOOD, NOW) == READ
        reading = asyncio.create_task(pool.parse(ENDLESS, NOW))
        (worker,) = workers_alive()
        await until(lambda: processor_seconds(worker) > 0.3)
        os.kill(worker, signal.SIGKILL)
        assert await reading == ParseFailure(detail="the process that read it died with exit code -9", limit=True)
        assert await pool.parse(GOOD, NOW) == READ

    run(test, workers=1)


def test_idle_workers_killed_cost_nothing() -> None:
    async def test(pool: ParsePool) -> None:
        assert await pool.parse(GOOD, NOW) == READ
        killed = workers_alive()
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        await until(lambda: all(map(gone, killed)))
        answers = await asyncio.gather(*(pool.parse(GOOD, NOW) for _ in range(4)))
        assert answers == [READ] * 4

    run(test)


def test_a_caller_that_is_cancelled_frees_its_worker() -> None:
    async def test(pool: ParsePool) -> None:
        assert await pool.parse(GOOD, NOW) == READ
        reading = asyncio.create_task(pool.parse(ENDLESS, NOW))
        (worker,) = workers_alive()
        await until(lambda: processor_seconds(worker) > 0.3)
        reading.cancel()
        await until(lambda: gone(worker))
        assert reading.cancelled()
        assert await pool.parse(GOOD, NOW) == READ

    run(test, workers=1)


def test_closing_ends_what_is_read_and_what_waits() -> None:
    async def test(pool: ParsePool) -> None:
        closed = ParseFailure(detail="the parser was closed", limit=True)
        reading = [asyncio.create_task(pool.parse(ENDLESS, NOW)) for _ in range(3)]
        await until(lambda: any(processor_seconds(worker) > 0.2 for worker in workers_alive()))
        await pool.close()
        assert await asyncio.gather(*reading) == [closed] * 3
        assert await pool.parse(GOOD, NOW) == closed

    run(test)


ORPHANS = """
import asyncio, multiprocessing, os, signal
from datetime import UTC, datetime
from monitor.adapters.parse_pool import ParsePool
from monitor.model.poll import Document

async def main():
    pool = ParsePool(workers=2)
    await pool.parse(Document(body=b"{}"), datetime(2025, 2, 24, tzinfo=UTC))
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_workers_do_not_outlive_a_daemon_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "daemon.py"
    script.write_text(ORPHANS)
    done = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, check=False, timeout=PATIENCE_S)
    workers = [int(pid) for pid in done.stdout.split()]
    assert (done.returncode, len(workers)) == (-signal.SIGKILL, 2)
    asyncio.run(until(lambda: all(map(gone, workers))))
