"""Rows as a worker of an older version writes them, even after the migrations."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.events.log import append
from adapters.store.lookups.lists import list_key
from adapters.store.statements import due_moves
from domain.events.event import DECIDED, NewEvent
from domain.model import Outcome, State
from domain.pulls.budget import RESULT_KEPT


class PgLeftovers:
    """Completes such rows in batches."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def end_unfinished(self, *, limit: int) -> int:
        """Give up to `limit` unregistered, running flows without a due time the end of the vendor's day, and
        return their number. A version from before migration 0007 writes them."""
        async with self._engine.begin() as connection:
            ended = await connection.execute(_END_UNFINISHED, {"kept": RESULT_KEPT, "limit": limit})
            return ended.rowcount

    async def list_decided(self, app_ids: Sequence[str], *, limit: int) -> int:
        """List up to `limit` decided verifications of these apps by their outcome, write the events of those
        that were decided since there are events, and return how many were listed. A version from before
        migration 0011 lists none and writes none."""
        keys = [list_key(app_id, State.DECIDED) for app_id in app_ids]
        async with self._engine.begin() as connection:
            listed = (await connection.execute(_LIST_DECIDED, {"keys": keys, "limit": limit})).all()
            untold = [
                NewEvent(DECIDED[Outcome(row.listed_as)], row.decided_at, verification_id=row.id)
                for row in listed
                if row.is_untold
            ]
            await append(connection, untold)
            return len(listed)


_END_UNFINISHED: Final = text(f"""
WITH endless AS (
  SELECT id FROM verifications
  WHERE state IN ('created', 'received') AND registered_at IS NULL AND final_digest IS NULL
    AND due_at IS NULL AND received_at IS NOT NULL
  LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE verifications v SET {due_moves.END_WITH_DAY}
FROM endless WHERE v.id = endless.id AND v.id = ANY(ARRAY(SELECT id FROM endless))
""")  # noqa: S608 - constants alone
"""The states are those of the index `verifications_open`."""

_LIST_DECIDED: Final = text("""
WITH unlisted AS (
  SELECT id FROM verifications v
  WHERE (v.app_id || '/' || COALESCE(v.listed_as, v.state)) = ANY(CAST(:keys AS text[]))
  LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE verifications v
SET listed_as = (SELECT d.outcome FROM decisions d WHERE d.verification_id = v.id)
WHERE v.id = ANY(ARRAY(SELECT id FROM unlisted))
RETURNING v.id, v.listed_as,
  (SELECT d.decided_at FROM decisions d WHERE d.verification_id = v.id) AS decided_at,
  v.events = 0 AND (SELECT d.decided_at >= (SELECT began_at FROM event_log)
                    FROM decisions d WHERE d.verification_id = v.id) AS is_untold
""")
"""The key is that of the index `verifications_listed`."""
