"""What was erased by an ID number, so that the same request finds the receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_table(
        "erased_persons",
        sa.Column("verification_id", sa.Uuid(), primary_key=True),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("erased_persons_by_number", "erased_persons", ["app_id", "digest"])


def downgrade() -> None:
    op.drop_table("erased_persons")
