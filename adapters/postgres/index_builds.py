"""Build the indexes of a revision while others go on writing.

A revision declares them as `INDEXES`: each name with its table and definition. Before the revision they are
built with CREATE INDEX CONCURRENTLY, which cannot run in the revision's transaction. The revision itself
calls `create_indexes`, which finds them built; Alembic alone builds them there, and blocks writers.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from alembic import op
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.lock_watch import LockWatch

Indexes = Mapping[str, str]
"""Names, and what follows ON: `"verifications (app_id) WHERE held"`."""


def create_indexes(indexes: Indexes) -> None:
    """Create those that do not exist yet, in the revision's transaction."""
    for name, definition in indexes.items():
        op.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {definition}")


def drop_indexes(indexes: Indexes) -> None:
    """Drop them, in the revision's transaction."""
    for name in indexes:
        op.execute(f"DROP INDEX {name}")


async def build_concurrently(
    engine: AsyncEngine, name: str, definition: str, *, watch: LockWatch, patience: timedelta
) -> None:
    """Build an index unless it is complete; what an interrupted build has left is dropped first.

    The build waits until every transaction has ended that began before it, for each at most `patience`.

    Raises:
        DatabaseAway: the server went away, or a transaction was too long.
    """
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        if await connection.scalar(_IS_VALID, {"name": name}):
            return
        try:
            async with watch.over(await _prepare(connection, patience)):
                await connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {name}"))
                await connection.execute(text(f"CREATE INDEX CONCURRENTLY {name} ON {definition}"))
        finally:
            await connection.invalidate()


async def _prepare(connection: AsyncConnection, patience: timedelta) -> int:
    """Lift the session's limits, unless a pooler would keep that for others; returns the server process."""
    raw = await connection.get_raw_connection()
    if raw.info["prepares"]:
        limit = patience // timedelta(milliseconds=1)
        await connection.execute(text("SET statement_timeout = 0"))
        await connection.execute(text(f"SET lock_timeout = {limit}"))
    return int(await connection.scalar(text("SELECT pg_backend_pid()")) or 0)


_IS_VALID: Final = text("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(CAST(:name AS text))")
