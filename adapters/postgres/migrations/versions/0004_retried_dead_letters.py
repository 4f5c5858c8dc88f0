"""Dead letters keep their attempts and first day through a retry."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("dead_letters", sa.Column("retried_at", sa.DateTime(timezone=True)))
    op.create_index(
        "dead_letters_reasons", "dead_letters", ["app_id", "reason", "retried_at", "last_seen_at", "id"]
    )


def downgrade() -> None:
    op.drop_index("dead_letters_reasons", table_name="dead_letters")
    op.drop_column("dead_letters", "retried_at")
