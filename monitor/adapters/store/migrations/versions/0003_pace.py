"""A feed's state knows the entries of its last document, what its polls have taught about its pace, and where it has moved to."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)
_COLUMNS = (
    sa.Column("entry_hashes", sa.LargeBinary(), nullable=False, server_default=sa.text("''")),
    sa.Column("full_at", _MOMENT),
    sa.Column("pace", sa.String(), nullable=False, server_default="new"),
    sa.Column("pace_s", sa.Float()),
    sa.Column("hint_s", sa.Float()),
    sa.Column("overlap", sa.Float()),
    sa.Column("listed", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("rolled_off_at", _MOMENT),
    sa.Column("rolloffs", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("longest_gap_s", sa.Float()),
    sa.Column("gaps", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("moved_to", sa.String(), nullable=False, server_default=""),
    sa.Column("moved_count", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("paused_at", _MOMENT),
    sa.Column("told", sa.String(), nullable=False, server_default="ok"),
)


def upgrade() -> None:
    with op.batch_alter_table("feeds") as feeds:
        for column in _COLUMNS:
            feeds.add_column(column)
    with op.batch_alter_table("feeds") as feeds:
        for column in _COLUMNS:
            if not column.nullable:
                feeds.alter_column(column.name, server_default=None)
