"""Count what should have been erased by age: some entries of an index for each app and class."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.identity.deletion import IS_IN_BLOCK, ended_deliveries, may_go
from adapters.store.statements.holds import ROW_IS_HELD, is_held
from domain.identity.retention import Age, Due, Kind

MOST_OVERDUE: Final = 1000
"""Each class of an app is counted up to this number."""


class PgOverdue:
    """Counts what retention has not come to, in one statement."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def count(self, ages: Sequence[Age]) -> list[Due]:
        """What is older than each age, up to `MOST_OVERDUE`. Raises DatabaseAway.

        What is held counts until it is passed over, or not at all where nothing is passed over.
        """
        values = {
            "apps": [each.app_id for each in ages],
            "kinds": [each.kind.value for each in ages],
            "befores": [each.before for each in ages],
            "most": MOST_OVERDUE,
        }
        async with self._engine.connect() as connection:
            rows = await connection.execute(_COUNT, values)
            return [Due(row.app_id, Kind(row.kind), row.found) for row in rows]


def _letters(retried: str) -> str:
    return f"""
    (SELECT FROM dead_letters d WHERE d.app_id = age.app_id AND d.retried_at {retried}
       AND d.last_seen_at < age.before AND NOT {is_held("d.verification_id")}
     ORDER BY d.last_seen_at LIMIT :most)"""


_COUNT: Final = text(f"""
SELECT age.app_id, age.kind, CASE age.kind
  WHEN 'letters' THEN (SELECT count(*) FROM (
    {_letters("IS NULL")} UNION ALL {_letters("IS NOT NULL")} LIMIT :most) AS letters)
  WHEN 'images' THEN (SELECT count(*) FROM (
    SELECT FROM pictures p WHERE p.app_id = age.app_id AND p.stored_at < age.before
      AND NOT {is_held("p.verification_id")}
    ORDER BY p.stored_at LIMIT :most) AS pictures)
  WHEN 'expired' THEN (SELECT count(*) FROM (
    SELECT FROM verifications v
    WHERE ((v.app_id || '/') || COALESCE(v.listed_as, v.state)) = age.app_id || '/expired'
      AND v.created_at < age.before AND (v.created_at, v.id) > (mark.at, mark.id)
    ORDER BY v.created_at, v.id LIMIT :most) AS found)
  WHEN 'decisions' THEN (SELECT count(*) FROM (
    SELECT FROM decisions d WHERE d.app_id = age.app_id AND d.decided_at < age.before
      AND {may_go("d.verification_id")}
    ORDER BY d.decided_at, d.verification_id LIMIT :most) AS found)
  WHEN 'undecided' THEN (SELECT count(*) FROM (
    SELECT FROM verifications u
    WHERE ((u.app_id || '/') || COALESCE(u.listed_as, u.state)) = age.app_id || '/expired'
      AND u.created_at < age.before AND {may_go("u.id")}
    ORDER BY u.created_at, u.id LIMIT :most) AS found)
  WHEN 'attempts' THEN (SELECT count(*) FROM {ended_deliveries("age.app_id", "age.before")} AS found)
  WHEN 'audit' THEN (SELECT count(*) FROM (
    SELECT * FROM audit ORDER BY id LIMIT :most) AS a
    WHERE a.at < age.before AND {IS_IN_BLOCK} AND NOT {ROW_IS_HELD})
  ELSE (SELECT count(*) FROM (
    SELECT FROM decisions d
    WHERE d.app_id = age.app_id AND d.decided_at < age.before
      AND (d.decided_at, d.verification_id) > (mark.at, mark.id)
    ORDER BY d.decided_at, d.verification_id LIMIT :most) AS found)
  END AS found
FROM unnest(CAST(:apps AS text[]), CAST(:kinds AS text[]), CAST(:befores AS timestamptz[]))
  AS age (app_id, kind, before)
LEFT JOIN retention_marks m ON m.app_id = age.app_id AND m.kind = age.kind
CROSS JOIN LATERAL (SELECT COALESCE(m.at, '-infinity') AS at, COALESCE(
  m.verification_id, CAST('00000000-0000-0000-0000-000000000000' AS uuid)) AS id) AS mark
""")  # noqa: S608 - constants alone
"""Each branch reads an index in its order, from the mark on (adapters/store/identity/retention.py)."""
