"""What the database remembers of the store that its data's keys are in."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "key_store",
        sa.Column("only_row", sa.Boolean(), primary_key=True, server_default=sa.text("true")),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("epochs", sa.BigInteger(), nullable=False),
        sa.Column("destroyed", sa.BigInteger(), nullable=False),
        sa.Column("erased", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("only_row", name="only_row"),
    )


def downgrade() -> None:
    op.drop_table("key_store")
