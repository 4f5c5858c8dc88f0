"""Lists by key, step 3 of 3: the indexes of the older lists go.

The lists of an older version that still runs work on, and read all rows of their apps.
"""

from alembic import op

from adapters.postgres.index_builds import create_indexes

revision = "0011"
down_revision = "0011b"


def upgrade() -> None:
    op.drop_index("verifications_newest", table_name="verifications")
    op.drop_index("verifications_biz_no", table_name="verifications")


def downgrade() -> None:
    create_indexes(
        {
            "verifications_newest": "verifications (app_id, created_at DESC, id DESC)",
            "verifications_biz_no": "verifications (app_id, biz_no)",
        }
    )
