"""Endpoints of webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    time = sa.DateTime(timezone=True)
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", ARRAY(sa.Text()), nullable=False),
        sa.Column("outcomes", ARRAY(sa.Text())),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("max_in_flight", sa.SmallInteger(), nullable=False),
        sa.Column("max_rate", sa.Double()),
        sa.Column("schedule", ARRAY(sa.Integer())),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("private_ct", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("disabled_reason", sa.Text()),
        sa.Column("disabled_at", time),
        sa.Column("cursor", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("failing_since", time),
        sa.Column("next_probe_at", time),
        sa.Column("created_at", time, nullable=False),
        sa.Column("updated_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="endpoints_pkey"),
        sa.CheckConstraint("state IN ('enabled', 'disabled')", name="endpoints_state"),
        sa.CheckConstraint(
            "(state = 'disabled') = (disabled_at IS NOT NULL AND disabled_reason IS NOT NULL)",
            name="endpoints_disabled",
        ),
    )
    op.create_index(
        "endpoints_newest", "endpoints", ["app_id", sa.text("created_at DESC"), sa.text("id DESC")]
    )


def downgrade() -> None:
    op.drop_table("endpoints")
