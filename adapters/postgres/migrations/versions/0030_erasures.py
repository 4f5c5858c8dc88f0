"""Erasures, legal holds, and how far retention has come."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    # Nullable, or with a constant default: no row is written.
    op.add_column("verifications", sa.Column("erased_at", sa.DateTime(timezone=True)))
    op.add_column("dead_letters", sa.Column("verification_id", sa.Uuid()))
    op.add_column(
        "key_store", sa.Column("applied", sa.BigInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.create_table(
        "erasures",
        sa.Column("verification_id", sa.Uuid(), primary_key=True),
        sa.Column("app_id", sa.Text()),
        sa.Column("biz_id", sa.Text()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("asked", JSON()),
        sa.Column("position", sa.BigInteger()),
        sa.Column("receipt", JSON()),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
    )
    op.execute("CREATE INDEX erasures_begun ON erasures (at) WHERE completed_at IS NULL")
    op.create_table(
        "holds",
        sa.Column("verification_id", sa.Uuid(), primary_key=True),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
    )
    op.execute("CREATE INDEX holds_lifted ON holds (lifted_at) WHERE lifted_at IS NOT NULL")
    op.create_table(
        "retention_marks",
        sa.Column("app_id", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verification_id", sa.Uuid(), nullable=False),
    )


def downgrade() -> None:
    for table in ("retention_marks", "holds", "erasures"):
        op.drop_table(table)
    op.drop_column("key_store", "applied")
    op.drop_column("dead_letters", "verification_id")
    op.drop_column("verifications", "erased_at")
