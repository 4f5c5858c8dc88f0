"""Drop the audit's index by time: a plan may prefer it to the index of a filter, and read every row."""

from alembic import op

from adapters.postgres.index_builds import create_indexes

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.drop_index("audit_by_time", "audit")


def downgrade() -> None:
    create_indexes({"audit_by_time": "audit (at, id)"})
