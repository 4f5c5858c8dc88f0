"""The pictures of results."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.create_table(
        "pictures",
        sa.Column("verification_id", sa.Uuid(), primary_key=True),
        sa.Column("n", sa.SmallInteger(), primary_key=True),
        sa.Column("position", sa.SmallInteger(), primary_key=True),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    )
    op.create_index("pictures_by_age", "pictures", ["app_id", "stored_at"])
    op.execute(
        "CREATE INDEX pictures_left ON pictures (begun_at) WHERE deleted_at IS NOT NULL OR stored_at IS NULL"
    )


def downgrade() -> None:
    op.drop_table("pictures")
