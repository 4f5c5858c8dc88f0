"""Leases with a fence, registration, nudges, pulls on request, step 4 of 4: read through the decisions."""

from alembic import op

revision = "0003"
down_revision = "0003c"


def upgrade() -> None:
    op.execute("ALTER TABLE decisions VALIDATE CONSTRAINT decisions_facts")


def downgrade() -> None:
    pass
