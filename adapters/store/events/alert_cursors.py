"""How far each sink of alerts has come in the log, under a lease."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.events.alerts.sink import AlertCursor


class PgAlertCursors:
    """Cursors with a due time, which a claim moves to the end of its lease."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def due(self, names: Collection[str], *, now: datetime) -> Sequence[AlertCursor]:
        """The cursors that may be claimed now. A sink without one begins behind the newest event."""
        async with self._engine.begin() as connection:
            rows = (await connection.execute(_OF, {"names": list(names)})).all()
            missing = set(names) - {row.name for row in rows}
            if missing:
                await connection.execute(_BEGIN, {"names": sorted(missing), "now": now})
        return [AlertCursor(row.name, row.seq, row.failures, row.fence) for row in rows if row.due_at <= now]

    async def claim(self, cursor: AlertCursor, *, until: datetime) -> AlertCursor | None:
        """Claim a cursor until a time; None if another worker has claimed it."""
        if not await self._write(_CLAIM, name=cursor.name, fence=cursor.fence, until=until):
            return None
        return msgspec.structs.replace(cursor, fence=cursor.fence + 1)

    async def finish(self, cursor: AlertCursor, *, due_at: datetime) -> bool:
        """Write what became of a claimed cursor; False if the claim has ended."""
        return await self._write(_FINISH, **msgspec.structs.asdict(cursor), due_at=due_at)

    async def _write(self, statement: Any, **values: object) -> bool:
        async with self._engine.begin() as connection:
            return (await connection.execute(statement, values)).rowcount == 1


_OF: Final = text("SELECT name, seq, failures, fence, due_at FROM alert_cursors WHERE name = ANY(:names)")

_BEGIN: Final = text("""
INSERT INTO alert_cursors (name, seq, due_at)
SELECT name, COALESCE((SELECT max(seq) FROM events), (SELECT deleted_to FROM event_log), 0), :now
FROM unnest(CAST(:names AS text[])) AS name ON CONFLICT DO NOTHING
""")

_CLAIM: Final = text("""
UPDATE alert_cursors SET due_at = :until, fence = fence + 1 WHERE name = :name AND fence = :fence
""")

_FINISH: Final = text("""
UPDATE alert_cursors SET seq = :seq, failures = :failures, due_at = :due_at
WHERE name = :name AND fence = :fence
""")
