"""A feed's state knows at which hours and on which days its publisher asks nobody to come."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("feeds") as feeds:
        feeds.add_column(sa.Column("skip", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("feeds") as feeds:
        feeds.alter_column("skip", server_default=None)
