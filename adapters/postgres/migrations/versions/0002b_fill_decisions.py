"""Decisions that explain themselves, step 2 of 5: fill the new columns of the old rows, batch by batch."""

import sqlalchemy as sa
from alembic import op

revision = "0002b"
down_revision = "0002a"

FILLS = (
    """
    WITH batch AS (
      SELECT verification_id FROM decisions
      WHERE verification_id > CAST(:after AS uuid) ORDER BY verification_id LIMIT 2000
    ), filled AS (
      UPDATE decisions d
      SET app_id = v.app_id, rules = '[]', disagreements = '[]', mode = 'required',
          policy_hash = 'built-in ' || policy_name || ' ' || policy_version,
          reasons_sent = CAST(reasons AS json), callback_facts_sent = CAST(callback_facts AS json),
          result_facts_sent = CAST(result_facts AS json)
      FROM batch JOIN verifications v ON v.id = batch.verification_id
      WHERE d.verification_id = batch.verification_id AND d.app_id IS NULL
    )
    SELECT CAST(verification_id AS text) FROM batch ORDER BY verification_id DESC LIMIT 1
    """,
)


def upgrade() -> None:
    # What decided before this revision had no file: its text is unknown, and is marked so.
    op.execute("""
        INSERT INTO policies (content_hash, name, version, content)
        SELECT DISTINCT 'built-in ' || policy_name || ' ' || policy_version, policy_name, policy_version, ''
        FROM decisions
    """)
    op.create_index(
        "decisions_newest",
        "decisions",
        ["app_id", sa.literal_column("decided_at DESC"), sa.literal_column("verification_id DESC")],
    )

    # Small, and made behind the fill: what the old version has written since then.
    op.create_index(
        "decisions_unfilled", "decisions", ["verification_id"], postgresql_where=sa.text("app_id IS NULL")
    )


def downgrade() -> None:
    op.drop_index("decisions_unfilled", table_name="decisions")
    op.execute("DELETE FROM policies")
    op.drop_index("decisions_newest", table_name="decisions")
