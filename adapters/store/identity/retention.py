"""Erase by age, in bounded batches, each in its own transaction. `deletion` has what is deleted as a whole.

A mark for each app and class says how far that has come in the order of time, so no batch looks again at what
is done. What is held is passed over; once its hold is lifted it is looked at by itself.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.store.audit.rows import append as append_audit
from adapters.store.audit.rows import with_count
from adapters.store.identity import deletion
from adapters.store.identity.erasure import note_erased, take_away
from adapters.store.identity.pictures.ages import due_pictures, erase_pictures
from adapters.store.statements.holds import LOCK_ALL, is_held
from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.identity.erasure import ErasureCause
from domain.identity.retention import Due, Kind
from domain.model import Outcome, State
from domain.people.actor import Actor

MOST: Final = 10_000

_BY_AGE: Final = AuditRow.by(Actor.gateway("retention"), Action.IDENTITIES_ERASED)


class PgRetention:
    """Counts and erases what has been kept long enough."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def due(self, app_id: str, kind: Kind, *, before: datetime) -> Due:
        """How much there is. Raises DatabaseAway."""
        async with self._engine.connect() as connection:
            if kind in deletion.KINDS:
                return await deletion.count_due(connection, app_id, kind, before=before, most=MOST)
            if kind is Kind.IMAGES:
                return Due(app_id, kind, *await due_pictures(connection, app_id, before, MOST))
            ids = await self._next(connection, app_id, kind, before, MOST)
            held = await connection.execute(_HELD, {"ids": [row.id for row in ids]})
            return Due(app_id, kind, len(ids), len(held.all()))

    async def step(self, app_id: str, kind: Kind, *, before: datetime, now: datetime, limit: int) -> int:
        """Erase up to `limit`, oldest first; how many were looked at. Raises DatabaseAway."""
        async with self._engine.begin() as connection:
            if kind in deletion.KINDS:
                return await deletion.delete(connection, app_id, kind, before=before, limit=limit)
            if kind is Kind.IMAGES:
                return await erase_pictures(connection, app_id, before, limit)
            rows = await self._next(connection, app_id, kind, before, limit)
            if not rows:
                return 0
            ids = [row.id for row in rows]
            if kind is Kind.LETTERS:
                await connection.execute(_FORGET_LETTERS, {"ids": ids})
                return len(ids)
            await _mark(connection, app_id, kind, rows[-1])
            await self._erase(connection, app_id, kind, ids, now)
        return len(rows)

    async def look_at_lifted(self, app_id: str, kind: Kind, *, before: datetime, now: datetime) -> int:
        """The same for up to 100 whose hold was lifted after their time had passed; how many."""
        async with self._engine.begin() as connection:
            values = {"app_id": app_id, "before": before}
            ids = list((await connection.execute(_LIFTED, values)).scalars())
            await self._erase(connection, app_id, kind, ids, now)
            if kind is not Kind.RAW:
                await connection.execute(_FORGET_HOLDS, {"ids": ids})
        return len(ids)

    async def is_empty(self, app_id: str, *, begins: datetime, ends: datetime, wrapped: bytes) -> bool:
        """Whether nothing that an epoch's key wraps is left. `wrapped`: how its wrapped data keys begin."""
        values: dict[str, Any] = {"app_id": app_id, "begins": begins, "ends": ends, "wrapped": wrapped}
        values["listed"] = [f"{app_id}/{each}" for each in _LISTED]
        async with self._engine.connect() as connection:
            return not await connection.scalar(_USED, values)

    async def _next(
        self, connection: AsyncConnection, app_id: str, kind: Kind, before: datetime, limit: int
    ) -> list[Row[Any]]:
        values = {"app_id": app_id, "kind": kind.value, "before": before, "limit": limit}
        return list((await connection.execute(_NEXT[kind], values)).all())

    async def _erase(
        self, connection: AsyncConnection, app_id: str, kind: Kind, ids: list[UUID], now: datetime
    ) -> None:
        await connection.execute(LOCK_ALL, {"ids": ids})
        held = set((await connection.execute(_HELD, {"ids": ids})).scalars())
        free = [each for each in ids if each not in held]
        if kind is Kind.RAW:
            for statement in _TAKE_RAW:
                await connection.execute(statement, {"ids": free})
            return
        fresh = list((await connection.execute(_NOT_ERASED, {"ids": free})).scalars())
        await take_away(connection, fresh, at=now)
        if fresh:
            by_age = msgspec.structs.replace(_BY_AGE, app_id=app_id)
            await append_audit(connection, with_count(by_age, len(fresh)))
            await note_erased(connection, fresh, because=ErasureCause.RETENTION)


async def _mark(connection: AsyncConnection, app_id: str, kind: Kind, last: Row[Any]) -> None:
    values = {"app_id": app_id, "kind": kind.value, "at": last.at, "id": last.id}
    await connection.execute(_MARK, values)


def _after_mark(at: str, row_id: str) -> str:
    """SQL: behind the mark, which is looked up once."""
    mark = "FROM retention_marks m WHERE m.app_id = :app_id AND m.kind = :kind"
    return f"""({at}, {row_id}) > (
    COALESCE((SELECT m.at {mark}), '-infinity'),
    COALESCE((SELECT m.verification_id {mark}), CAST('00000000-0000-0000-0000-000000000000' AS uuid)))"""


_DECIDED: Final = f"""
SELECT verification_id AS id, decided_at AS at FROM decisions
WHERE app_id = :app_id AND decided_at < :before AND {_after_mark("decided_at", "verification_id")}
ORDER BY decided_at, verification_id LIMIT :limit
"""  # noqa: S608 - constants alone

_EXPIRED: Final = f"""
SELECT id, created_at AS at FROM verifications
WHERE ((app_id || '/') || COALESCE(listed_as, state)) = CAST(:app_id AS text) || '/expired'
  AND created_at < :before AND {_after_mark("created_at", "id")}
ORDER BY created_at, id LIMIT :limit
"""  # noqa: S608 - constants alone


def _letters(retried: str) -> str:
    return f"""(
  SELECT id, last_seen_at AS at FROM dead_letters d
  WHERE app_id = :app_id AND last_seen_at < :before AND retried_at {retried}
    AND NOT {is_held("d.verification_id")}
  ORDER BY last_seen_at LIMIT :limit)"""  # noqa: S608 - constants alone


_LETTERS: Final = f"{_letters('IS NULL')} UNION ALL {_letters('IS NOT NULL')} ORDER BY at LIMIT :limit"

_NEXT: Final = {
    Kind.RAW: text(_DECIDED),
    Kind.IDENTITY: text(_DECIDED),
    Kind.EXPIRED: text(_EXPIRED),
    Kind.LETTERS: text(_LETTERS),
}
"""In the order of an index each."""

_HELD: Final = text("""
SELECT verification_id FROM holds WHERE verification_id = ANY(CAST(:ids AS uuid[])) AND lifted_at IS NULL
""")

_NOT_ERASED: Final = text("""
SELECT id FROM verifications WHERE id = ANY(CAST(:ids AS uuid[])) AND erased_at IS NULL ORDER BY id
""")

_TAKE_RAW: Final = (
    text("""
UPDATE callbacks SET raw_ct = NULL
WHERE verification_id = ANY(CAST(:ids AS uuid[])) AND raw_ct IS NOT NULL
"""),
    text("""
UPDATE pulls SET raw_ct = NULL WHERE verification_id = ANY(CAST(:ids AS uuid[])) AND raw_ct IS NOT NULL
"""),
)

_MARK: Final = text("""
INSERT INTO retention_marks AS m (app_id, kind, at, verification_id) VALUES (:app_id, :kind, :at, :id)
ON CONFLICT (app_id, kind) DO UPDATE SET at = EXCLUDED.at, verification_id = EXCLUDED.verification_id
WHERE (m.at, m.verification_id) < (EXCLUDED.at, EXCLUDED.verification_id)
""")

_FORGET_LETTERS: Final = text("DELETE FROM dead_letters WHERE id = ANY(CAST(:ids AS uuid[]))")

_LIFTED: Final = text("""
SELECT h.verification_id FROM holds h JOIN verifications v ON v.id = h.verification_id
LEFT JOIN decisions d ON d.verification_id = v.id
WHERE h.lifted_at IS NOT NULL AND h.app_id = :app_id AND COALESCE(d.decided_at, v.created_at) < :before
  AND v.state IN ('decided', 'expired')
ORDER BY h.lifted_at LIMIT 100
""")

_FORGET_HOLDS: Final = text("""
DELETE FROM holds WHERE verification_id = ANY(CAST(:ids AS uuid[])) AND lifted_at IS NOT NULL
""")

_LISTED: Final = [
    *(state.value for state in State if state is not State.DECIDED),
    *(outcome.value for outcome in Outcome),
    *(f"{one}>{other}" for one in Outcome for other in Outcome),
]

_USED: Final = text("""
SELECT EXISTS (
  SELECT FROM verifications
  WHERE ((app_id || '/') || COALESCE(listed_as, state)) = ANY(CAST(:listed AS text[]))
    AND created_at >= CAST(:begins AS timestamptz) - interval '2 days'
    AND created_at < CAST(:ends AS timestamptz) + interval '2 days'
    AND wrapped_key IS NOT NULL AND substring(wrapped_key FROM 1 FOR 17) = :wrapped
) OR EXISTS (
  SELECT FROM dead_letters WHERE app_id = :app_id AND substring(wrapped_key FROM 1 FOR 17) = :wrapped
)
""")
"""In ranges of the index of lists, one for each word. A data key is under the epoch of its row's begin, by a
clock that may differ a little."""
