"""The modes of what was decided before revision 0035, batch by batch, and the indexes.

The second index has what an older version decides afterwards, which a worker of this version completes.
"""

from adapters.postgres.index_builds import create_indexes, drop_indexes

revision = "0036"
down_revision = "0035"

FILLS = (
    """
    WITH batch AS (
      SELECT id FROM verifications WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT 2000
    ), unlisted AS (
      SELECT id FROM verifications
      WHERE id = ANY(ARRAY(SELECT id FROM batch)) AND state = 'decided' AND mode IS NULL
      ORDER BY id FOR NO KEY UPDATE
    ), filled AS (
      UPDATE verifications v SET mode = (SELECT d.mode FROM decisions d WHERE d.verification_id = v.id)
      WHERE v.id = ANY(ARRAY(SELECT id FROM unlisted))
    )
    SELECT CAST(id AS text) FROM batch ORDER BY id DESC LIMIT 1
    """,
)

INDEXES = {
    "verifications_listed_by_mode": (
        "verifications ((app_id || '/' || listed_as || '/' || mode), created_at DESC, id DESC) "
        "WHERE mode IS NOT NULL"
    ),
    "verifications_without_mode": "verifications (id) WHERE state = 'decided' AND mode IS NULL",
}


def upgrade() -> None:
    create_indexes(INDEXES)


def downgrade() -> None:
    drop_indexes(INDEXES)
