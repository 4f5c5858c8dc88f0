"""Return hints in PostgreSQL: a user's browser came back, so one early call may be spent."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.statements import due_moves


class PgReturnHints:
    """Marks verifications whose user's browser came back."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note_return(self, verification_id: UUID, *, now: datetime) -> bool:
        """Make a registered verification without a callback due, once; False for any other.

        The return address is not signed, so it proves nothing and may cost one call at most.
        """
        async with self._engine.begin() as connection:
            found = await connection.execute(_NOTE_RETURN, {"id": verification_id, "now": now})
            return found.rowcount == 1


_NOTE_RETURN: Final = text(f"""
WITH nudged AS (
  UPDATE verifications SET nudged_at = :now, {due_moves.LOOK_NOW}
  WHERE id = :id AND state = 'created' AND registered_at IS NOT NULL AND nudged_at IS NULL
  RETURNING id
)
INSERT INTO timeline (verification_id, event) SELECT id, 'browser.returned' FROM nudged
""")  # noqa: S608 - constants alone
