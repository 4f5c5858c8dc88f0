"""Decisions that explain themselves, step 2 of 6: find what the old version goes on writing."""

import sqlalchemy as sa
from alembic import op

revision = "0002b"
down_revision = "0002a"


def upgrade() -> None:
    op.create_index(
        "decisions_unfilled", "decisions", ["verification_id"], postgresql_where=sa.text("app_id IS NULL")
    )


def downgrade() -> None:
    op.drop_index("decisions_unfilled", table_name="decisions")
