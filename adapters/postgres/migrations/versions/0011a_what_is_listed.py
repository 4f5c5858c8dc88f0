"""Lists by key, step 1 of 3: a column for what a decided verification is listed as."""

import sqlalchemy as sa
from alembic import op

revision = "0011a"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("verifications", sa.Column("listed_as", sa.Text()))


def downgrade() -> None:
    op.drop_column("verifications", "listed_as")
