"""Leases with a fence, registration, nudges, pulls on request, step 2 of 4: indexes, while all read on."""

import sqlalchemy as sa
from alembic import op

revision = "0003b"
down_revision = "0003a"


def upgrade() -> None:
    op.create_index(
        "verifications_due_next",
        "verifications",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL AND NOT held"),
    )
    op.create_index(
        "verifications_open",
        "verifications",
        ["app_id", "registered_at"],
        postgresql_where=sa.text("state IN ('created', 'received')"),
    )


def downgrade() -> None:
    op.drop_index("verifications_open", table_name="verifications")
    op.drop_index("verifications_due_next", table_name="verifications")
