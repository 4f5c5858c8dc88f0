"""Leases with a fence, registration, nudges, pulls on request; decisions on a result alone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

JSON = postgresql.JSON(astext_type=sa.Text())
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
    op.drop_index("verifications_due", table_name="verifications")
    op.create_index(
        "verifications_due",
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
    op.alter_column("decisions", "callback_facts", existing_type=JSON, nullable=True)
    op.create_check_constraint(
        op.f("decisions_facts"), "decisions", "callback_facts IS NOT NULL OR result_facts IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("decisions_facts"), "decisions", type_="check")
    op.execute("UPDATE decisions SET callback_facts = result_facts WHERE callback_facts IS NULL")
    op.alter_column("decisions", "callback_facts", existing_type=JSON, nullable=False)
    op.drop_index("verifications_open", table_name="verifications")
    op.drop_index("verifications_due", table_name="verifications")
    op.create_index(
        "verifications_due", "verifications", ["due_at"], postgresql_where=sa.text("state = 'received'")
    )
    for name in ("fence", "held", *TIMES):
        op.drop_column("verifications", name)
