"""The number of events of each type so far, and up to which `seq` they are counted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    # Both have a constant default: the rows stay as they are.
    op.add_column(
        "event_log", sa.Column("counted_to", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("event_log", sa.Column("counts", JSONB(), nullable=False, server_default=sa.text("'{}'")))


def downgrade() -> None:
    op.drop_column("event_log", "counts")
    op.drop_column("event_log", "counted_to")
