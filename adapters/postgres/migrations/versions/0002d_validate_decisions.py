"""Decisions that explain themselves, step 4 of 5: read through all rows, which locks out nobody."""

from alembic import op

revision = "0002d"
down_revision = "0002c"


def upgrade() -> None:
    for constraint in ("decisions_complete", "decisions_policy_hash_fkey"):
        op.execute(f"ALTER TABLE decisions VALIDATE CONSTRAINT {constraint}")


def downgrade() -> None:
    pass
