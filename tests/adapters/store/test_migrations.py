"""A database of an older revision is opened: its rows are there, and mean what they meant."""

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config

from monitor.adapters.store import feeds, matches
from monitor.adapters.store import open as opening
from monitor.adapters.store.dialect import open_engine
from monitor.adapters.store.matches import StoredMatch
from monitor.adapters.store.open import Store
from monitor.model.alert import Decision
from monitor.model.feed import Learned
from monitor.model.ids import AlertId, FeedId, ItemId, TopicId
from monitor.model.severity import Severity
from monitor.model.topic import Match, Span

NOW = datetime(2025, 2, 24, 9, tzinfo=UTC)


def make(path: Path, revision: str, *statements: str) -> None:
    """A database as that revision left it."""
    engine = open_engine(path)
    with engine.begin() as tx:
        config = Config()
        config.set_main_option("script_location", str(Path(opening.__file__).parent / "migrations"))
        config.attributes["connection"] = tx
        command.upgrade(config, revision)
        for statement in statements:
            tx.exec_driver_sql(statement)
    engine.dispose()


def match_of(topic: str, decision: Decision, alert: str | None, severity: Severity) -> StoredMatch:
    return StoredMatch(
        item_id=ItemId("item"),
        match=Match(
            topic_id=TopicId(topic),
            topic_version="v1",
            spans=(Span(field="title", start=0, end=5, text="talks"),),
            clause="talks",
            severity=severity,
        ),
        decision=decision,
        alert_id=None if alert is None else AlertId(alert),
        matched_at=NOW,
    )


def test_feeds_from_before_know_no_hours_at_which_nobody_need_come(tmp_path: Path) -> None:
    path = tmp_path / "news.sqlite"
    columns = "id, configured, host, next_poll_at, url, last_detail, failures, interval_s, gone_count, complaints"
    later = "entry_hashes, pace, listed, rolloffs, gaps, moved_to, moved_count, told"
    values = "'world', 1, 'world.example', '2025-02-24 09:00:00.000000', '', '200 OK', 2, 600, 0, '[]'"
    make(
        path,
        "0003",
        f"INSERT INTO feeds ({columns}, {later}) VALUES ({values}, '', 'learned', 20, 0, 0, '', 0, 'ok')",
    )
    store = Store(path)
    try:
        state = store.read_now(lambda tx: feeds.get(tx, FeedId("world")))
        assert state is not None
        assert (state.last_detail, state.failures, state.learned) == ("200 OK", 2, Learned(listed=20))
    finally:
        store.close()


def test_matches_from_before_severities_have_that_of_their_alert(tmp_path: Path) -> None:
    path, at = tmp_path / "news.sqlite", "'2025-02-24 09:00:00.000000'"
    spans = """'[["title", 0, 5, "talks"]]'"""
    make(
        path,
        "0001",
        f"INSERT INTO alerts VALUES ('a1', 'alert.created', 'critical', {at}, '[]', '[]', '{{}}')",
        f"INSERT INTO matches VALUES ('item', 'gone', 'v1', 'first_match', 'talks', {spans}, {at}, 'a0')",
        f"INSERT INTO matches VALUES ('item', 'held', 'v1', 'baseline', 'talks', {spans}, {at}, NULL)",
        f"INSERT INTO matches VALUES ('item', 'told', 'v1', 'first_match', 'talks', {spans}, {at}, 'a1')",
    )
    store = Store(path)
    try:
        assert store.read_now(lambda tx: matches.of_item(tx, ItemId("item"))) == [
            match_of("gone", Decision.FIRST_MATCH, "a0", Severity.MEDIUM),
            match_of("held", Decision.BASELINE, None, Severity.MEDIUM),
            match_of("told", Decision.FIRST_MATCH, "a1", Severity.CRITICAL),
        ]
    finally:
        store.close()
