"""The index of what is due by app, on a number in the place of a condition.

PostgreSQL takes a condition apart, and then finds no index on the whole of it: the one of revision 0006
served no claim, and each read past all silent verifications that were due.
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("""
        CREATE INDEX verifications_due_by_app ON verifications
          (app_id, ((final_digest IS NULL AND asked_at IS NULL AND state <> 'decided')::integer), due_at)
          WHERE due_at IS NOT NULL AND NOT held
    """)


def downgrade() -> None:
    op.drop_index("verifications_due_by_app", table_name="verifications")
