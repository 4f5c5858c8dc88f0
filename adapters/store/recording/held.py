"""Verifications that wait for their registration, because their app requires one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.statements import due_moves
from domain.verifications.lease import Lease


class PgHeldVerifications:
    """Holds them, and releases those of apps that no longer require registration."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def await_registration(self, lease: Lease) -> None:
        """Hold a verification, unless it has been registered."""
        async with self._engine.begin() as connection:
            await connection.execute(_HOLD, {"id": lease.verification_id, "fence": lease.fence})

    async def release(self, app_ids: Sequence[str], *, now: datetime, limit: int) -> int:
        """Make up to `limit` held verifications of these apps due, oldest first, and return their number."""
        async with self._engine.begin() as connection:
            released = await connection.execute(
                _RELEASE, {"app_ids": list(app_ids), "now": now, "limit": limit}
            )
            return released.rowcount


_HOLD: Final = text("""
WITH held AS (
  UPDATE verifications SET held = true
  WHERE id = :id AND fence = :fence AND registered_at IS NULL AND state <> 'decided'
  RETURNING id
)
INSERT INTO timeline (verification_id, event) SELECT id, 'callback.held' FROM held
""")

_RELEASE: Final = text(f"""
WITH chosen AS (
  SELECT id FROM verifications
  WHERE state IN ('created', 'received') AND app_id = ANY(:app_ids) AND registered_at IS NULL AND held
  ORDER BY received_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
), released AS (
  UPDATE verifications v
  SET held = false, {due_moves.RELEASE}
  FROM chosen WHERE v.id = chosen.id AND v.id = ANY(ARRAY(SELECT id FROM chosen))
  RETURNING v.id
)
INSERT INTO timeline (verification_id, event) SELECT id, 'callback.released' FROM released
""")  # noqa: S608 - constants alone
"""The states are those of the index `verifications_open`."""
