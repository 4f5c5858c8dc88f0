"""Figures of the store for operators: undecided verifications, those near loss, dead letters."""

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.pulls.reconciliation import NEAR_LOSS
from domain.views.figures import Letters, OpenVerifications, StoreFigures


class PgFigures:
    """Reads the figures from partial indexes; decided verifications are never counted."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def read(self, now: datetime) -> StoreFigures:
        """The figures at `now`. Raises DatabaseAway."""
        async with self._engine.connect() as connection:
            undecided = await connection.execute(_OPEN, {"before": now - NEAR_LOSS, "now": now})
            letters = await connection.execute(_LETTERS)
            return StoreFigures(
                open=[OpenVerifications(*row) for row in undecided],
                letters=[Letters(*row) for row in letters],
            )


_OPEN: Final = text("""
SELECT app_id, state, count(*),
       count(*) FILTER (WHERE NOT held AND COALESCE(
         ended_at, LEAST(expires_at, GREATEST(registered_at, expires_at - interval '1 hour'))) < :before),
       count(*) FILTER (WHERE held),
       CAST(COALESCE(EXTRACT(EPOCH FROM :now - min(received_at) FILTER (WHERE held)), 0) AS double precision)
FROM verifications WHERE state IN ('created', 'received') GROUP BY app_id, state
""")

_LETTERS: Final = text("""
SELECT app_id, reason, count(*) FILTER (WHERE retried_at IS NULL), count(retried_at)
FROM dead_letters GROUP BY app_id, reason
""")
