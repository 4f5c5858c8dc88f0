"""An index of what is due by app, so that each app's share is claimed by itself."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("""
        CREATE INDEX verifications_due_of_app ON verifications
          (app_id, (final_digest IS NULL AND asked_at IS NULL AND state <> 'decided'), due_at)
          WHERE due_at IS NOT NULL AND NOT held
    """)


def downgrade() -> None:
    op.drop_index("verifications_due_of_app", table_name="verifications")
