"""Figures about stored persons and reads of identity, each from a few rows."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.views.operations.identity_figures import IdentityFigures, Persons


async def read_identity_figures(connection: AsyncConnection) -> IdentityFigures:
    """The persons of each app as they were counted last, and the reads of this day."""
    persons = await connection.execute(_PERSONS)
    today = (await connection.execute(_TODAY)).one()
    return IdentityFigures(tuple(Persons(*row) for row in persons), today.reads, today.at_limit)


_PERSONS: Final = text("SELECT app_id, persons FROM person_counts ORDER BY app_id")

_TODAY: Final = text("""
SELECT COALESCE(sum(reads), 0) AS reads, count(*) FILTER (WHERE refused > 0) AS at_limit
FROM identity_readers WHERE day = CAST(now() AT TIME ZONE 'UTC' AS date)
""")
