"""Time stamps over blocks, as an authority gave them."""

from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.tables.audit import audit_timestamps


class PgTimestamps:
    """Keeps time stamps."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def is_due(self, *, every: timedelta) -> bool:
        """Whether the newest time stamp is older than this, or there is none."""
        async with self._engine.connect() as connection:
            return bool(await connection.scalar(_IS_DUE, {"every": every}))

    async def keep(self, height: int, token: bytes) -> None:
        """Keep a block's time stamp; another one of this block stays."""
        statement = insert(audit_timestamps).values(height=height, token=token).on_conflict_do_nothing()
        async with self._engine.begin() as connection:
            await connection.execute(statement)


_IS_DUE: Final = text("""
SELECT NOT EXISTS (SELECT FROM audit_timestamps WHERE at > now() - CAST(:every AS interval))
""")
