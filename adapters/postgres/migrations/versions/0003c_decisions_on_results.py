"""Leases with a fence, registration, nudges, pulls on request, step 3 of 4; decisions on a result alone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003c"
down_revision = "0003b"

JSON = postgresql.JSON(astext_type=sa.Text())


def upgrade() -> None:
    op.drop_index("verifications_due", table_name="verifications")
    op.execute("ALTER INDEX verifications_due_next RENAME TO verifications_due")
    op.alter_column("decisions", "callback_facts", existing_type=JSON, nullable=True)
    op.create_check_constraint(
        op.f("decisions_facts"),
        "decisions",
        "callback_facts IS NOT NULL OR result_facts IS NOT NULL",
        postgresql_not_valid=True,
    )


def downgrade() -> None:
    op.drop_constraint(op.f("decisions_facts"), "decisions", type_="check")
    op.execute("UPDATE decisions SET callback_facts = result_facts WHERE callback_facts IS NULL")
    op.alter_column("decisions", "callback_facts", existing_type=JSON, nullable=False)
    op.execute("ALTER INDEX verifications_due RENAME TO verifications_due_next")
    op.create_index(
        "verifications_due", "verifications", ["due_at"], postgresql_where=sa.text("state = 'received'")
    )
