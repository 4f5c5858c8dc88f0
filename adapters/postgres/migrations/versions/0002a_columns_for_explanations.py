"""Decisions that explain themselves, step 1 of 5: room for it, which nobody has to fill yet.

Each step locks `decisions` for moments alone: a table of years takes minutes to fill.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002a"
down_revision = "0001"

JSON = postgresql.JSON(astext_type=sa.Text())
ADDED: dict[str, sa.types.TypeEngine[Any]] = {
    "app_id": sa.Text(),
    "rules": JSON,
    "disagreements": JSON,
    "policy_hash": sa.Text(),
    "mode": sa.Text(),
    "unconfirmed": JSON,
    "reasons_sent": JSON,
    "callback_facts_sent": JSON,
    "result_facts_sent": JSON,
}
"""`…_sent`: JSON in the place of JSONB, which sorts keys and loses the sign of -0.0: no decision could be
computed again."""


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column(
            "first_used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("policies_pkey")),
    )
    for name, kind in ADDED.items():
        op.add_column("decisions", sa.Column(name, kind))


def downgrade() -> None:
    for name in ADDED:
        op.drop_column("decisions", name)
    op.drop_table("policies")
