"""Lists by key, step 2 of 3: the outcome of what is decided, batch by batch, and the indexes.

What an older version decides from now on is listed as `decided`, until a worker of this version lists it.
"""

from adapters.postgres.index_builds import create_indexes, drop_indexes

revision = "0011b"
down_revision = "0011a"

FILLS = (
    """
    WITH batch AS (
      SELECT id FROM verifications WHERE id > CAST(:after AS uuid) ORDER BY id LIMIT 2000
    ), unlisted AS (
      SELECT id FROM verifications
      WHERE id = ANY(ARRAY(SELECT id FROM batch)) AND state = 'decided' AND listed_as IS NULL
      ORDER BY id FOR NO KEY UPDATE
    ), filled AS (
      UPDATE verifications v
      SET listed_as = (SELECT d.outcome FROM decisions d WHERE d.verification_id = v.id)
      WHERE v.id = ANY(ARRAY(SELECT id FROM unlisted))
    )
    SELECT CAST(id AS text) FROM batch ORDER BY id DESC LIMIT 1
    """,
)

LISTED = "app_id || '/' || COALESCE(listed_as, state)"
ORDER = "created_at DESC, id DESC"

INDEXES = {
    "verifications_listed": f"verifications (({LISTED}), {ORDER})",
    "verifications_listed_by_biz_no": (
        f"verifications (({LISTED} || '/' || biz_no), {ORDER}) WHERE biz_no IS NOT NULL"
    ),
}


def upgrade() -> None:
    create_indexes(INDEXES)


def downgrade() -> None:
    drop_indexes(INDEXES)
