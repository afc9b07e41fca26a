"""A match knows its severity, and what escalated it. Of older matches only the alert's severity is known, or none: medium, the default."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("matches") as matches:
        matches.add_column(sa.Column("severity", sa.String(), nullable=False, server_default="medium"))
        matches.add_column(sa.Column("escalation", sa.Text(), nullable=False, server_default=""))
    op.execute(
        "UPDATE matches SET severity = (SELECT severity FROM alerts WHERE alerts.id = matches.alert_id)"
        " WHERE alert_id IN (SELECT id FROM alerts)"
    )
    with op.batch_alter_table("matches") as matches:
        matches.alter_column("severity", server_default=None)
        matches.alter_column("escalation", server_default=None)
