"""The index of revision 0006 goes, apart from the making of the next one: so readers wait only briefly."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.drop_index("verifications_due_of_app", table_name="verifications")


def downgrade() -> None:
    op.execute("""
        CREATE INDEX verifications_due_of_app ON verifications
          (app_id, (final_digest IS NULL AND asked_at IS NULL AND state <> 'decided'), due_at)
          WHERE due_at IS NOT NULL AND NOT held
    """)
