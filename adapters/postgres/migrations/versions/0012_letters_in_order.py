"""Indexes of the dead letters that wait and of those that are retried, each in the order of their lists."""

from alembic import op

from adapters.postgres.index_builds import create_indexes, drop_indexes

revision = "0012"
down_revision = "0011"

ORDER = "last_seen_at DESC, id DESC"

INDEXES = {
    "dead_letters_waiting": f"dead_letters (app_id, {ORDER}) WHERE retried_at IS NULL",
    "dead_letters_waiting_by_reason": f"dead_letters (app_id, reason, {ORDER}) WHERE retried_at IS NULL",
    "dead_letters_retried": f"dead_letters (app_id, {ORDER}) WHERE retried_at IS NOT NULL",
}


def upgrade() -> None:
    create_indexes(INDEXES)
    op.drop_index("dead_letters_newest", table_name="dead_letters")


def downgrade() -> None:
    create_indexes({"dead_letters_newest": f"dead_letters (app_id, {ORDER})"})
    drop_indexes(INDEXES)
