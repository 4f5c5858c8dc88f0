"""An index that finds the deliveries of one verification."""

from adapters.postgres.index_builds import create_indexes, drop_indexes

revision = "0025"
down_revision = "0024"

INDEXES = {
    "deliveries_of_verification": "deliveries (verification_id) WHERE verification_id IS NOT NULL",
}


def upgrade() -> None:
    create_indexes(INDEXES)


def downgrade() -> None:
    drop_indexes(INDEXES)
