"""The blind index of ID numbers.

`verifications.numbered` is NULL in what an older version decides, whose numbers a worker indexes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("verifications", sa.Column("numbered", sa.Boolean()))
    op.create_table(
        "id_numbers",
        sa.Column("verification_id", sa.Uuid(), primary_key=True),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("id_numbers_by_number", "id_numbers", ["app_id", "digest", "at"])
    op.create_table(
        "person_counts",
        sa.Column("app_id", sa.Text(), primary_key=True),
        sa.Column("persons", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("person_counts")
    op.drop_table("id_numbers")
    op.drop_column("verifications", "numbered")
