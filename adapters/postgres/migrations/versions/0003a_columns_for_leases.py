"""Leases with a fence, registration, nudges, pulls on request, step 1 of 4: their columns."""

import sqlalchemy as sa
from alembic import op

revision = "0003a"
down_revision = "0002"

TIMES = ("registered_at", "expires_at", "nudged_at", "asked_at")


def upgrade() -> None:
    op.add_column(
        "verifications", sa.Column("fence", sa.BigInteger(), server_default=sa.text("1"), nullable=False)
    )
    op.add_column(
        "verifications", sa.Column("held", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    for name in TIMES:
        op.add_column("verifications", sa.Column(name, sa.DateTime(timezone=True)))


def downgrade() -> None:
    for name in ("fence", "held", *TIMES):
        op.drop_column("verifications", name)
