"""Report which session's lock another session waits for: process and age, never the query."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.sqlstate import DatabaseAway

Say = Callable[[str], None]

_LOOK_EVERY: Final = 0.5
_SAY_AGAIN: Final = 30.0


class LockWatch:
    """Checks from a separate connection, and reports each holder once, and again after a while."""

    def __init__(self, engine: AsyncEngine, say: Say) -> None:
        self._engine = engine
        self._say = say
        self._said_at: dict[int, float] = {}

    @asynccontextmanager
    async def over(self, pid: int) -> AsyncIterator[None]:
        """Watch the session of process `pid` inside the block."""
        watching = asyncio.create_task(self._watch(pid))
        try:
            yield
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _watch(self, pid: int) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            with contextlib.suppress(DatabaseAway):
                async with self._engine.connect() as connection:
                    holders = (await connection.execute(_HOLDERS, {"pid": pid})).all()
                for holder in holders:
                    self._tell(holder)

    def _tell(self, holder: Row[Any]) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._said_at.get(holder.pid, -_SAY_AGAIN) >= _SAY_AGAIN:
            self._said_at[holder.pid] = now
            self._say(f"waits for a lock of {_described(holder)}")


def _described(holder: Row[Any]) -> str:
    if not holder.pid:
        return "a prepared transaction (pg_prepared_xacts)"
    parts = [repr(holder.application_name), f"role {holder.role!r}"]
    # Only pg_read_all_stats sees more of another role's session.
    if holder.transaction_age is not None:
        parts += [holder.state, f"transaction for {holder.transaction_age} s"]
        parts += [f"query for {holder.query_age} s"]
    return f"process {holder.pid} ({', '.join(parts)})"


_HOLDERS: Final = text("""
SELECT DISTINCT b.pid, COALESCE(NULLIF(a.application_name, ''), a.backend_type) AS application_name,
       a.usename AS role, a.state,
       CAST(extract(epoch FROM clock_timestamp() - a.query_start) AS integer) AS query_age,
       CAST(extract(epoch FROM clock_timestamp() - a.xact_start) AS integer) AS transaction_age
FROM unnest(pg_blocking_pids(:pid)) AS b (pid) LEFT JOIN pg_stat_activity a ON a.pid = b.pid
""")
