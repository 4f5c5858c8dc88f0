"""Decisions that explain themselves, step 5 of 5: no column may be empty, as every row proves already."""

from alembic import op

revision = "0002"
down_revision = "0002d"

COLUMNS = ("app_id", "rules", "disagreements", "mode", "policy_hash", "reasons", "callback_facts")
COMPLETE = " AND ".join(f"{column} IS NOT NULL" for column in COLUMNS)


def upgrade() -> None:
    for column in COLUMNS:
        op.alter_column("decisions", column, nullable=False)
    op.drop_constraint("decisions_complete", "decisions")


def downgrade() -> None:
    op.execute(f"ALTER TABLE decisions ADD CONSTRAINT decisions_complete CHECK ({COMPLETE})")
    for column in COLUMNS:
        op.alter_column("decisions", column, nullable=True)
