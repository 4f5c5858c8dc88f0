"""Make a person's conclusion the outcome that counts."""

from adapters.store.lookups.listed import word_of


def concluded(rows: str) -> str:
    """SQL of the CTEs that make conclusions count, for a statement that begins with `WITH`.

    `rows`: a CTE with `verification_id` (uuid) and `outcome` (text), at most one row for each verification.
    A verification without a decision stays as it is. The CTE `effective` has `id` and `listed_as` of those
    that were changed; nothing need select from it. The verification's row is locked from here on, so this
    comes behind what locks the case, and before what appends events.

        WITH reviewed AS (INSERT INTO reviews … RETURNING verification_id, outcome),
        {concluded("reviewed")}
        SELECT …
    """
    return f"""concluding AS MATERIALIZED (
  SELECT c.verification_id AS id, c.outcome AS effective, {word_of("d.outcome", "c.outcome")} AS listed_as
  FROM {rows} c JOIN decisions d ON d.verification_id = c.verification_id
    AND d.verification_id = ANY(ARRAY(SELECT verification_id FROM {rows}))
), effective AS (
  UPDATE verifications v SET effective_outcome = c.effective, listed_as = c.listed_as
  FROM concluding c WHERE v.id = c.id AND v.id = ANY(ARRAY(SELECT id FROM concluding))
  RETURNING v.id, v.listed_as
), relisted AS (
  UPDATE decision_reasons r SET listed_as = e.listed_as
  FROM effective e
  WHERE r.verification_id = e.id AND r.verification_id = ANY(ARRAY(SELECT id FROM effective))
  RETURNING r.verification_id
)"""  # noqa: S608 - names of our own
