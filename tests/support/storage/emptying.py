"""Empty the database between two tests."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.tables.schema import metadata

_USED: Final = text(
    """SELECT string_agg(CAST(CAST(oid AS regclass) AS text), ', ') FROM pg_class
    WHERE oid = ANY(CAST(CAST(:names AS text[]) AS regclass[])) AND pg_relation_size(oid) > 0"""
)
"""The tables that a test has written to: truncating all makes new files for two hundred relations."""


async def empty_tables(engine: AsyncEngine) -> None:
    """Delete every row of every table of ours."""
    async with engine.begin() as connection:
        if used := await connection.scalar(_USED, {"names": [*metadata.tables]}):
            await connection.execute(text(f"TRUNCATE {used} CASCADE"))
