"""The plain hashes of pictures go: each says whose picture it is to anyone who has that picture.

Nothing reads them, for a sealed piece is authenticated. Versions up to revision 0036 name the column in their
statements, and may write a hash as long as they run, so the column itself stays: the first revision behind
the next release drops it.
"""

revision = "0038"
down_revision = "0037"

FILLS = (
    """
    WITH batch AS (
      SELECT DISTINCT verification_id FROM pictures
      WHERE verification_id > CAST(:after AS uuid) ORDER BY verification_id LIMIT 2000
    ), hashed AS (
      SELECT verification_id, n, position FROM pictures
      WHERE verification_id = ANY(ARRAY(SELECT verification_id FROM batch)) AND digest IS NOT NULL
      ORDER BY verification_id, n, position FOR NO KEY UPDATE
    ), emptied AS (
      UPDATE pictures p SET digest = NULL FROM hashed h
      WHERE p.verification_id = h.verification_id AND p.n = h.n AND p.position = h.position
    )
    SELECT CAST(verification_id AS text) FROM batch ORDER BY verification_id DESC LIMIT 1
    """,
)


def upgrade() -> None:
    """The fill is all of it."""


def downgrade() -> None:
    """A hash cannot be made again without the picture."""
