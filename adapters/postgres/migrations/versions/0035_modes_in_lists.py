"""The confirmation mode of a decided verification, by which lists find it.

NULL in what is not decided, and in what an older version decides. Revision 0036 fills what is decided
already.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("verifications", sa.Column("mode", sa.Text()))


def downgrade() -> None:
    op.drop_column("verifications", "mode")
