"""The store: what is committed stays, what fails harms nobody else, and every refusal says what to do."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, select
from sqlalchemy.dialects import sqlite

from monitor.adapters.store import feeds, receivers, tables
from monitor.adapters.store.books import StoreFeedBook
from monitor.adapters.store.dialect import open_engine
from monitor.adapters.store.lock import Held, RunLock
from monitor.adapters.store.open import Store, open_readonly, read
from monitor.model.feed import Feed, FeedState
from monitor.model.ids import FeedId, ReceiverId
from monitor.ports import StorageError

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "news.sqlite")
    yield opened
    opened.close()


def _feed(name: str, host: str = "") -> tuple[Feed, str]:
    return Feed(id=FeedId(name), url=f"https://{host or name}.example/rss", publisher=name), host or name


def _configure(store: Store, *wanted: tuple[Feed, str], due: datetime = NOW) -> None:
    store.write_now(lambda tx: feeds.configure(tx, wanted, due))


def _claim(store: Store, now: datetime = NOW, limit: int = 10) -> list[str]:
    until = now + timedelta(seconds=60)
    return [state.feed_id for state in store.write_now(lambda tx: feeds.claim_due(tx, now, limit, until))]


def test_the_migrations_make_the_tables(store: Store) -> None:
    def differences(tx: Connection) -> object:
        return compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), tables.metadata)

    assert store.read_now(differences) == []


def test_writes_are_durable_and_logged_ahead(store: Store) -> None:
    def pragmas(tx: Connection) -> tuple[object, ...]:
        names = ("journal_mode", "synchronous", "foreign_keys", "auto_vacuum")
        return tuple(tx.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names)

    assert store.write_now(pragmas) == ("wal", 2, 1, 2)


def test_a_failing_function_never_poisons_its_neighbours(store: Store) -> None:
    gate = threading.Event()

    def slow(_: Connection) -> None:
        gate.wait(5)

    def bad(tx: Connection) -> None:
        receivers.next_sequence(tx, ReceiverId("bad"))
        raise ValueError("this one only")

    async def scenario() -> list[object]:
        first = asyncio.ensure_future(store.write(slow))
        await asyncio.sleep(0.05)  # the group behind it gathers meanwhile
        others = [
            asyncio.ensure_future(store.write(lambda tx, n=n: receivers.next_sequence(tx, ReceiverId(f"r{n}"))))
            for n in range(5)
        ]
        failing = asyncio.ensure_future(store.write(bad))
        await asyncio.sleep(0.05)
        gate.set()
        return await asyncio.gather(first, *others, failing, return_exceptions=True)

    *done, failure = asyncio.run(scenario())
    assert done == [None, 1, 1, 1, 1, 1]
    assert isinstance(failure, ValueError)
    rows = store.read_now(lambda tx: tx.scalars(select(tables.receivers.c.id).order_by("id")).all())
    assert rows == ["r0", "r1", "r2", "r3", "r4"]


def test_sequences_have_no_gaps_where_a_transaction_fails(store: Store) -> None:
    desk = ReceiverId("desk")

    def take_and_fail(tx: Connection) -> None:
        receivers.next_sequence(tx, desk)
        raise ValueError

    assert store.write_now(lambda tx: receivers.next_sequence(tx, desk)) == 1
    with pytest.raises(ValueError):
        store.write_now(take_and_fail)
    assert store.write_now(lambda tx: receivers.next_sequence(tx, desk)) == 2


def test_a_clean_close_leaves_the_database_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "news.sqlite")
    store.write_now(lambda tx: receivers.next_sequence(tx, ReceiverId("desk")))
    store.read_now(lambda tx: tx.scalars(select(tables.receivers.c.id)).all())
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["news.sqlite"]


def test_all_writes_share_one_connection(store: Store) -> None:
    connections = [store.write_now(lambda tx: tx.connection.dbapi_connection) for _ in range(5)]
    assert len(set(map(id, connections))) == 1


def test_what_is_closed_takes_nothing_more(tmp_path: Path) -> None:
    store = Store(tmp_path / "news.sqlite")
    store.close()
    with pytest.raises(StorageError, match="closed"):
        store.write_now(lambda _: None)


def test_one_feed_of_a_host_at_a_time_the_longest_due_first(store: Store) -> None:
    _configure(store, _feed("late", "shared"), due=NOW - timedelta(minutes=1))
    _configure(store, _feed("late", "shared"), _feed("early", "shared"), _feed("other"), due=NOW)
    assert _claim(store) == ["late", "other"]
    assert _claim(store) == []  # the host is being polled
    store.write_now(feeds.unclaim)
    assert _claim(store, limit=1) == ["late"]


def test_a_claim_ends_with_its_lease(store: Store) -> None:
    _configure(store, _feed("a"))
    assert _claim(store) == ["a"]
    assert _claim(store, NOW + timedelta(seconds=59)) == []
    assert _claim(store, NOW + timedelta(seconds=61)) == ["a"]


def test_a_restart_polls_nobody_early(store: Store) -> None:
    _configure(store, _feed("a"))
    later = NOW + timedelta(minutes=10)

    def polled(tx: Connection) -> None:
        state = feeds.get(tx, FeedId("a"))
        assert state is not None
        tx.execute(tables.feeds.update().values(next_poll_at=later, url="https://a.example/rss"))

    store.write_now(polled)
    _configure(store, _feed("a"), due=NOW + timedelta(seconds=3))
    state = store.read_now(lambda tx: feeds.get(tx, FeedId("a")))
    assert state is not None
    assert state.next_poll_at == later


def test_a_changed_url_is_due_at_once(store: Store) -> None:
    _configure(store, _feed("a"))
    store.write_now(
        lambda tx: (
            tx.execute(tables.feeds.update().values(next_poll_at=NOW + timedelta(hours=1), url="https://old/")).rowcount
        )
    )
    _configure(store, _feed("a"), due=NOW + timedelta(seconds=3))
    state = store.read_now(lambda tx: feeds.get(tx, FeedId("a")))
    assert state is not None
    assert state.next_poll_at == NOW + timedelta(seconds=3)


def test_a_removed_feed_keeps_its_row_and_is_not_polled(store: Store) -> None:
    _configure(store, _feed("a"), _feed("b"))
    _configure(store, _feed("b"))
    assert _claim(store) == ["b"]
    assert store.read_now(lambda tx: feeds.get(tx, FeedId("a"))) is not None


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        tables.Moment().process_bind_param(datetime(2025, 2, 24), sqlite.dialect())  # noqa: DTZ001  that is the point


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"the folder .*/missing does not exist: create it"):
        Store(tmp_path / "missing" / "news.sqlite")


def test_not_a_database(tmp_path: Path) -> None:
    path = tmp_path / "news.sqlite"
    path.write_bytes(b"this is no database, but a longer text than the header of one, " * 40)
    with pytest.raises(StorageError, match="no database of newsmon, or it is damaged"):
        Store(path)


def test_a_newer_schema(tmp_path: Path) -> None:
    path = tmp_path / "news.sqlite"
    Store(path).close()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match="written by a newer newsmon"):
        Store(path)
    with pytest.raises(StorageError, match="has schema 9999"):
        open_readonly(path)


def test_reading_without_a_database(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="start `newsmon run` first"):
        open_readonly(tmp_path / "news.sqlite")


def test_a_reading_command_cannot_write(store: Store) -> None:
    engine = open_readonly(store.path)
    with pytest.raises(StorageError) as raised:
        read(engine, lambda tx: tx.execute(tables.receivers.insert().values(id="x")))
    engine.dispose()
    assert raised.value.kind == "readonly"


def test_a_locked_database_is_said_to_be(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.adapters.store.dialect.BUSY_TIMEOUT_MS", 10)
    store.write_now(lambda _: None)
    holder = open_engine(store.path)
    with holder.begin(), pytest.raises(StorageError) as raised:
        store.write_now(lambda tx: receivers.next_sequence(tx, ReceiverId("desk")))
    holder.dispose()
    assert raised.value.kind == "locked"
    assert store.write_now(lambda tx: receivers.next_sequence(tx, ReceiverId("desk"))) == 1


def test_a_full_database_loses_nothing_and_recovers(store: Store) -> None:
    def fill(tx: Connection, limit: int) -> None:
        tx.exec_driver_sql(f"PRAGMA max_page_count = {limit}")
        tx.execute(tables.receivers.insert().values(id="x" * 2_000_000))

    before = store.write_now(lambda tx: receivers.next_sequence(tx, ReceiverId("desk")))
    with pytest.raises(StorageError) as raised:
        store.write_now(lambda tx: fill(tx, 1))
    assert raised.value.kind == "full"
    store.write_now(lambda tx: tx.exec_driver_sql("PRAGMA max_page_count = 1000000").scalar())
    assert store.write_now(lambda tx: receivers.next_sequence(tx, ReceiverId("desk"))) == before + 1


def test_one_daemon_a_database(tmp_path: Path) -> None:
    with RunLock(tmp_path / "news.sqlite") as first, RunLock(tmp_path / "news.sqlite") as second:
        first.take(NOW)
        with pytest.raises(
            Held, match=r'another newsmon runs on this database: \{"pid": \d+, "host": .*"since": "2025'
        ):
            second.take(NOW)
    with RunLock(tmp_path / "news.sqlite") as third:
        third.take(NOW)


def test_states_that_are_recorded_together_are_written_together(store: Store) -> None:
    _configure(store, *(_feed(f"f{n}") for n in range(50)))
    book, writes = StoreFeedBook(store), []
    later = NOW + timedelta(minutes=7)

    async def record_all() -> None:
        original = store.write
        store.write = lambda work: writes.append(1) or original(work)  # type: ignore[assignment,func-returns-value,method-assign]
        await asyncio.gather(
            *(book.record(FeedState(feed_id=FeedId(f"f{n}"), next_poll_at=later, failures=n)) for n in range(50))
        )

    asyncio.run(record_all())
    states = store.read_now(feeds.all_states)
    assert {(state.next_poll_at, state.failures) for state in states.values()} == {(later, n) for n in range(50)}
    assert len(writes) <= 2


def test_a_batch_that_cannot_be_written_fails_every_poll_in_it(store: Store) -> None:
    _configure(store, _feed("a"), _feed("b"))
    book = StoreFeedBook(store)
    store.close()

    async def record_all() -> list[object]:
        states = [FeedState(feed_id=FeedId(name), next_poll_at=NOW) for name in ("a", "b")]
        return list(await asyncio.gather(*map(book.record, states), return_exceptions=True))

    assert [type(failed) for failed in asyncio.run(record_all())] == [StorageError, StorageError]
