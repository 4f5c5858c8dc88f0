"""Verifications that somebody must look at again: claimed under a lease, one worker each."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.envelope import KeyRing, unseal
from adapters.store.recorder import key_place, raw_callback_place
from domain.errors import BrokenSeal

log = structlog.get_logger(__name__)


class UndecidedVerification(msgspec.Struct, frozen=True):
    """A verification with the callback it is to be decided on."""

    verification_id: UUID
    app_id: str
    data_key: bytes
    data: bytes
    ended_at: datetime


class PgUndecided:
    """The verifications in state `received` whose `due_at` has passed."""

    def __init__(self, engine: AsyncEngine, *, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    async def claim(
        self, *, now: datetime, lease: timedelta, limit: int = 100
    ) -> list[UndecidedVerification]:
        """Take up to `limit` due verifications; nobody else is given them for `lease`.

        One that no configured key opens is logged and left for later: it holds up no other.
        """
        async with self._engine.begin() as connection:
            found = await connection.execute(_CLAIM, {"now": now, "until": now + lease, "limit": limit})
            rows = found.all()
        opened = [self._open(*row) for row in rows]
        return [item for item in opened if item is not None]

    async def postpone(self, verification_id: UUID, *, until: datetime) -> None:
        """Look again at `until`, not earlier."""
        async with self._engine.begin() as connection:
            await connection.execute(_POSTPONE, {"id": verification_id, "until": until})

    def _open(
        self, row: UUID, app_id: str, wrapped_key: bytes, raw_ct: bytes, ended_at: datetime
    ) -> UndecidedVerification | None:
        try:
            data_key = self._keys.unwrap_data_key(wrapped_key, place=key_place(app_id, row))
            data = unseal(data_key, raw_ct, place=raw_callback_place(app_id, row))
        except BrokenSeal:
            log.exception("verification.unreadable", app_id=app_id, verification_id=str(row))
            return None
        return UndecidedVerification(row, app_id, data_key, data, ended_at)


_CLAIM: Final = text("""
WITH due AS (
  SELECT id FROM verifications
  WHERE state = 'received' AND due_at <= :now
  ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
), claimed AS (
  UPDATE verifications v SET due_at = :until FROM due WHERE v.id = due.id
  RETURNING v.id, v.app_id, v.wrapped_key, v.final_digest, v.ended_at
)
SELECT v.id, v.app_id, v.wrapped_key, c.raw_ct, v.ended_at
FROM claimed v JOIN callbacks c ON c.verification_id = v.id AND c.digest = v.final_digest
""")

_POSTPONE: Final = text("UPDATE verifications SET due_at = :until WHERE id = :id AND state = 'received'")
