"""tables: what is stored, once for every database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

AnyRow = Row[*tuple[Any, ...]]


class Moment(TypeDecorator[datetime]):
    """An aware datetime in UTC. Naive ones are refused: they have no meaning that survives a move of the machine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", String, primary_key=True),
    Column("configured", Boolean, nullable=False),  # False: removed from the configuration, kept for its history
    Column("host", String, nullable=False),  # that `claim_due` polls one at a time
    Column("url", String, nullable=False, default=""),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_hash", String),
    Column("next_poll_at", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("last_poll_at", Moment),
    Column("last_outcome", String),
    Column("last_detail", Text, nullable=False, default=""),
    Column("last_success_at", Moment),
    Column("last_new_item_at", Moment),
    Column("document_at", Moment),
    Column("listed_from", Moment),  # keys listed since then stand in the present document
    Column("failures", Integer, nullable=False, default=0),
    Column("interval_s", Float, nullable=False),
    Column("baseline_at", Moment),
    Column("baseline_told_at", Moment),
    Column("gone_since", Moment),
    Column("gone_count", Integer, nullable=False, default=0),
    Column("complaints", JSON, nullable=False, default=list),
    Column("entry_hashes", LargeBinary, nullable=False, default=b""),  # eight bytes each
    Column("full_at", Moment),
    Column("pace", String, nullable=False, default="new"),
    Column("pace_s", Float),
    Column("hint_s", Float),
    Column("skip", String, nullable=False, default=""),
    Column("overlap", Float),
    Column("listed", Integer, nullable=False, default=0),
    Column("rolled_off_at", Moment),
    Column("rolloffs", Integer, nullable=False, default=0),
    Column("longest_gap_s", Float),
    Column("gaps", Integer, nullable=False, default=0),
    Column("moved_to", String, nullable=False, default=""),
    Column("moved_count", Integer, nullable=False, default=0),
    Column("paused_at", Moment),
    Column("told", String, nullable=False, default="ok"),
    Index(None, "next_poll_at"),
)

items = Table(
    "items",
    metadata,
    Column("id", String, primary_key=True),
    Column("feed_id", String, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("why", String, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("updated_at", Moment),
    Column("guid", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("categories", JSON, nullable=False),
    Column("published", Moment),
    Column("lang", String, nullable=False),
    Column("source_title", Text, nullable=False),
    Column("source_url", Text, nullable=False),
    Index(None, "first_seen"),
)

# By which keys an entry is recognised in which feed. A guid that is used again belongs to several items. The order of the
# primary key serves the question within a feed and the one across feeds.
item_keys = Table(
    "item_keys",
    metadata,
    Column("key", String, primary_key=True),
    Column("feed_id", String, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("listed_at", Moment, nullable=False),
    Index(None, "feed_id", "listed_at"),
    Index(None, "item_id"),
    sqlite_with_rowid=False,
)

matches = Table(
    "matches",
    metadata,
    Column("item_id", String, primary_key=True),
    Column("topic_id", String, primary_key=True),
    Column("topic_version", String, nullable=False),
    Column("decision", String, nullable=False),
    Column("clause", Text, nullable=False),
    Column("severity", String, nullable=False),
    Column("escalation", Text, nullable=False, default=""),
    Column("spans", JSON, nullable=False),
    Column("matched_at", Moment, nullable=False),
    Column("alert_id", String),
    Index(None, "topic_id", "matched_at"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("items", JSON, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("data", JSON, nullable=False),
    Index(None, "created_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String, primary_key=True),
    Column("alert_id", String, nullable=False),
    Column("receiver_id", String, nullable=False),
    Column("sequence", Integer),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_at", Moment, nullable=False),
    Column("next_attempt_at", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("claim", String),
    Column("finished_at", Moment),
    Column("death", String),
    UniqueConstraint("alert_id", "receiver_id"),
    UniqueConstraint("receiver_id", "sequence"),
    Index(None, "state", "receiver_id", "next_attempt_at"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery_id", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("outcome", String, nullable=False),
    Column("status", Integer),
    Column("detail", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("elapsed_s", Float, nullable=False),
    Index(None, "delivery_id"),
)

receivers = Table(
    "receivers",
    metadata,
    Column("id", String, primary_key=True),
    Column("last_sequence", Integer, nullable=False, default=0),
    Column("paused_until", Moment),
    Column("gone_since", Moment),
    Column("gone_count", Integer, nullable=False, default=0),
    Column("disabled_at", Moment),
    Column("failures", Integer, nullable=False, default=0),
    Column("last_success_at", Moment),
)
