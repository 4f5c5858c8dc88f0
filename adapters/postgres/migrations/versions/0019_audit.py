"""The audit: rows, the blocks that close over them, their hashes, and time stamps of blocks.

The tables are new, so their indexes are built at once and lock nobody.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0019"
down_revision = "0018"

_TIME = sa.DateTime(timezone=True)
_XID = sa.text("((pg_current_xact_id())::text)::bigint")


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("at", _TIME, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("xid", sa.BigInteger(), nullable=False, server_default=_XID),
        sa.Column("salt", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.Column("app_id", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("address", sa.Text()),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("detail", JSONB(), nullable=False, server_default=sa.text("'{}'")),
    )
    op.create_index("audit_by_xid", "audit", ["xid"])
    op.create_index("audit_by_time", "audit", ["at", "id"])
    for name in ("app_id", "actor", "action", "subject"):
        op.create_index(f"audit_of_{name.removesuffix('_id')}", "audit", [name, "at", "id"])
    op.create_table(
        "audit_blocks",
        sa.Column("height", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("closed_at", _TIME, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("since_xid", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "audit_leaves",
        sa.Column("audit_id", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
    )
    op.create_index("audit_leaves_of_block", "audit_leaves", ["height", "position"], unique=True)
    op.create_table(
        "audit_timestamps",
        sa.Column("height", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("at", _TIME, nullable=False, server_default=sa.text("now()")),
        sa.Column("token", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    for table in ("audit_timestamps", "audit_leaves", "audit_blocks", "audit"):
        op.drop_table(table)
