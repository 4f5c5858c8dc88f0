"""Legal holds: what is held is not erased, neither by request nor by retention."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.audit.rows import append
from domain.audit.row import AuditRow
from domain.identity.erasure import Hold
from domain.identity.errors import AlreadyErased, NoSuchVerification


class PgHolds:
    """Places and lifts holds, under the verification's lock."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def place(self, verification_id: UUID, *, reason: str, now: datetime, audit: AuditRow) -> Hold:
        """Hold it; a verification that is held keeps its first hold.

        Raises:
            NoSuchVerification: there is none with this id.
            AlreadyErased: it is erased, or an erasure has begun.
        """
        key = {"id": verification_id}
        async with self._engine.begin() as connection:
            row = (await connection.execute(_LOCK, key)).first()
            if row is None:
                raise NoSuchVerification
            if row.erased_at is not None or row.begun:
                raise AlreadyErased
            values = {"app_id": row.app_id, "reason": reason, "by": audit.actor, "now": now}
            if (await connection.execute(_PLACE, {**key, **values})).rowcount:
                await connection.execute(_NOTE, {**key, "event": "hold.placed"})
                about = msgspec.structs.replace(audit, app_id=row.app_id, subject=row.biz_id)
                await append(connection, [about])
            found = (await connection.execute(_FIND, key)).one()
            return Hold(found.reason, found.placed_by, found.placed_at)

    async def lift(self, verification_id: UUID, *, now: datetime, audit: AuditRow) -> bool:
        """Lift the hold; False if there is none. Retention looks at the verification again."""
        key = {"id": verification_id}
        async with self._engine.begin() as connection:
            row = (await connection.execute(_LOCK, key)).first()
            if row is None:
                raise NoSuchVerification
            done = (await connection.execute(_LIFT, {**key, "now": now})).rowcount == 1
            if done:
                await connection.execute(_NOTE, {**key, "event": "hold.lifted"})
                about = msgspec.structs.replace(audit, app_id=row.app_id, subject=row.biz_id)
                await append(connection, [about])
            return done

    async def find(self, verification_id: UUID) -> Hold | None:
        """The hold on a verification."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(_FIND, {"id": verification_id})).first()
        return None if row is None else Hold(row.reason, row.placed_by, row.placed_at)


_LOCK: Final = text("""
SELECT app_id, biz_id, erased_at,
       EXISTS (SELECT FROM erasures e WHERE e.verification_id = v.id) AS begun
FROM verifications v WHERE id = :id FOR NO KEY UPDATE OF v
""")

_PLACE: Final = text("""
INSERT INTO holds AS h (verification_id, app_id, reason, placed_by, placed_at)
VALUES (:id, :app_id, :reason, :by, :now)
ON CONFLICT (verification_id) DO UPDATE
  SET reason = EXCLUDED.reason, placed_by = EXCLUDED.placed_by, placed_at = EXCLUDED.placed_at,
      lifted_at = NULL
  WHERE h.lifted_at IS NOT NULL
""")

_LIFT: Final = text("""
UPDATE holds SET lifted_at = :now WHERE verification_id = :id AND lifted_at IS NULL
""")

_FIND: Final = text("""
SELECT reason, placed_by, placed_at FROM holds WHERE verification_id = :id AND lifted_at IS NULL
""")

_NOTE: Final = text("INSERT INTO timeline (verification_id, event) VALUES (:id, :event)")
