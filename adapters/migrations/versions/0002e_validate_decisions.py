"""Decisions that explain themselves, step 5 of 6: read through all rows, which locks out nobody."""

from alembic import op

revision = "0002e"
down_revision = "0002d"


def upgrade() -> None:
    for constraint in ("decisions_complete", "decisions_policy_hash_fkey"):
        op.execute(f"ALTER TABLE decisions VALIDATE CONSTRAINT {constraint}")


def downgrade() -> None:
    pass
