"""The event log. `verifications.events` has a constant default, so the table is not rewritten."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

revision = "0015"
down_revision = "0014"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("id", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.Column("app_id", sa.Text()),
        sa.Column("verification_id", sa.Uuid()),
        sa.Column("n", sa.Integer()),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("body", JSON(), nullable=False),
    )
    op.create_index("events_of_app", "events", ["app_id", "type", "seq"])
    op.create_table(
        "event_log",
        sa.Column("one", sa.Boolean(), sa.CheckConstraint("one", name="event_log_one"), primary_key=True),
        sa.Column("deleted_to", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("began_at", _TIME, nullable=False, server_default=sa.text("now()")),
    )
    op.execute("INSERT INTO event_log (one) VALUES (true)")
    # Last: it locks the table for a moment.
    op.add_column(
        "verifications", sa.Column("events", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )


def downgrade() -> None:
    op.drop_column("verifications", "events")
    op.drop_table("event_log")
    op.drop_table("events")
