"""The reasons of what was decided before revision 0020, batch by batch, and an index of what an older version
decides afterwards, which a worker of this version lists.
"""

from adapters.postgres.index_builds import create_indexes, drop_indexes

revision = "0021"
down_revision = "0020"

FILLS = (
    """
    WITH batch AS (
      SELECT verification_id AS id, outcome, reasons, reasons_listed FROM decisions
      WHERE verification_id > CAST(:after AS uuid) ORDER BY verification_id LIMIT 2000
    ), unlisted AS (
      SELECT id, reasons FROM batch WHERE reasons_listed IS NULL AND outcome <> 'approved'
    ), held AS MATERIALIZED (
      SELECT v.id, v.app_id, v.biz_no, v.listed_as, v.created_at FROM verifications v
      WHERE v.id = ANY(ARRAY(SELECT id FROM unlisted)) ORDER BY v.id FOR NO KEY UPDATE
    ), filled AS (
      INSERT INTO decision_reasons (verification_id, code, app_id, listed_as, biz_no, created_at)
      SELECT held.id, reason ->> 'code', held.app_id, COALESCE(held.listed_as, batch.outcome), held.biz_no,
             held.created_at
      FROM held JOIN batch USING (id) CROSS JOIN LATERAL json_array_elements(batch.reasons) AS reason
      ON CONFLICT DO NOTHING
    )
    SELECT CAST(id AS text) FROM batch ORDER BY id DESC LIMIT 1
    """,
)

INDEXES = {
    "decisions_unlisted": "decisions (verification_id) WHERE NOT reasons_listed AND outcome <> 'approved'",
}


def upgrade() -> None:
    create_indexes(INDEXES)


def downgrade() -> None:
    drop_indexes(INDEXES)
