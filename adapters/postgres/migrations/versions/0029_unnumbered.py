"""An index of the verifications whose ID number is not indexed yet."""

from adapters.postgres.index_builds import create_indexes, drop_indexes

revision = "0029"
down_revision = "0028"

INDEXES = {
    "verifications_unnumbered": "verifications (id) WHERE identity_ct IS NOT NULL AND numbered IS NULL",
}


def upgrade() -> None:
    create_indexes(INDEXES)


def downgrade() -> None:
    drop_indexes(INDEXES)
