"""A biz_id has one owner among the apps that share a vendor account."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "biz_owners",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("biz_id", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "biz_id", name="biz_owners_pkey"),
    )


def downgrade() -> None:
    op.drop_table("biz_owners")
