"""A claim of a biz_id has a time, by which it is forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    # An older version leaves the time to the default. Existing rows count from now on.
    claimed_at = sa.Column(
        "claimed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")
    )
    op.add_column("biz_owners", claimed_at)
    op.create_index("biz_owners_oldest", "biz_owners", ["claimed_at"])


def downgrade() -> None:
    op.drop_index("biz_owners_oldest", table_name="biz_owners")
    op.drop_column("biz_owners", "claimed_at")
