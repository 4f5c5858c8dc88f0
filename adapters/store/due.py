"""Verifications that somebody must look at: claimed under a lease with a fence, one worker each."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.envelope import KeyRing, unseal
from adapters.store.recorder import key_place, raw_callback_place, registration_of
from domain.errors import BrokenSeal
from domain.model import State
from domain.records import DueVerification

log = structlog.get_logger(__name__)


class PgDueVerifications:
    """The verifications whose `due_at` has passed."""

    def __init__(self, engine: AsyncEngine, *, keys: KeyRing) -> None:
        self._engine = engine
        self._keys = keys

    async def claim(
        self, *, now: datetime, lease: timedelta, limit: int = 100, silent: bool = False
    ) -> list[DueVerification]:
        """Take up to `limit` due verifications; nobody else is given them for `lease`.

        `silent`: those about which nothing is heard and nobody asks, in the place of all others.
        One that no configured key opens is logged and left for later: it holds up no other.
        """
        return await self._claim(_CLAIM, now=now, until=now + lease, limit=limit, silent=silent)

    async def claim_one(
        self, verification_id: UUID, *, now: datetime, lease: timedelta
    ) -> DueVerification | None:
        """Take this verification if it is due."""
        claimed = await self._claim(_CLAIM_ONE, id=verification_id, now=now, until=now + lease)
        return claimed[0] if claimed else None

    async def postpone(self, verification_id: UUID, *, fence: int, until: datetime | None) -> None:
        """Look again at `until`, not earlier; None: there is nothing to look for. Needs the lease."""
        async with self._engine.begin() as connection:
            await connection.execute(_POSTPONE, {"id": verification_id, "fence": fence, "until": until})

    async def expire(self, verification_id: UUID, *, fence: int) -> None:
        """The vendor keeps no result of it any more, and nothing ever came. Needs the lease."""
        async with self._engine.begin() as connection:
            await connection.execute(_EXPIRE, {"id": verification_id, "fence": fence})

    async def note(self, verification_id: UUID, *, fence: int, event: str, detail: dict[str, object]) -> None:
        """Put on the timeline what a pull on request brought; the request is answered. Needs the lease."""
        said = msgspec.json.encode(detail).decode()
        async with self._engine.begin() as connection:
            await connection.execute(
                _NOTE, {"id": verification_id, "fence": fence, "event": event, "detail": said}
            )

    async def _claim(self, statement: Any, **values: object) -> list[DueVerification]:
        async with self._engine.begin() as connection:
            rows = (await connection.execute(statement, values)).all()
        return list(self._opened(rows))

    def _opened(self, rows: Iterable[Row[Any]]) -> Iterable[DueVerification]:
        for row in rows:
            try:
                yield self._open(row)
            except BrokenSeal:
                log.exception("verification.unreadable", app_id=row.app_id, verification_id=str(row.id))

    def _open(self, row: Row[Any]) -> DueVerification:
        data_key = self._keys.unwrap_data_key(row.wrapped_key, place=key_place(row.app_id, row.id))
        place = raw_callback_place(row.app_id, row.id)
        return DueVerification(
            verification_id=row.id,
            app_id=row.app_id,
            biz_id=row.biz_id,
            data_key=data_key,
            fence=row.fence,
            state=State(row.state),
            data=row.raw_ct and unseal(data_key, row.raw_ct, place=place),
            ended_at=row.ended_at,
            registration=registration_of(row),
            asked_at=row.asked_at,
        )


_TAKE: Final = """
claimed AS (
  UPDATE verifications v SET due_at = :until, fence = v.fence + 1 FROM due WHERE v.id = due.id
  RETURNING v.*
)
SELECT v.id, v.app_id, v.biz_id, v.biz_no, v.state, v.wrapped_key, v.fence, v.ended_at, v.registered_at,
       v.expires_at, v.nudged_at, v.asked_at, c.raw_ct
FROM claimed v LEFT JOIN callbacks c ON c.verification_id = v.id AND c.digest = v.final_digest
"""

_CLAIM: Final = text(f"""
WITH due AS (
  SELECT id FROM verifications
  WHERE due_at <= :now AND NOT held
    AND (final_digest IS NULL AND asked_at IS NULL AND state <> 'decided') = :silent
  ORDER BY due_at LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
), {_TAKE}
""")  # noqa: S608 - constants alone

_CLAIM_ONE: Final = text(f"""
WITH due AS (
  SELECT id FROM verifications
  WHERE id = :id AND due_at <= :now AND NOT held
  FOR NO KEY UPDATE SKIP LOCKED
), {_TAKE}
""")  # noqa: S608 - constants alone

_POSTPONE: Final = text("""
UPDATE verifications
SET due_at = :until, asked_at = CASE WHEN CAST(:until AS timestamptz) IS NULL THEN NULL ELSE asked_at END
WHERE id = :id AND fence = :fence AND due_at IS NOT NULL
""")

_NOTE: Final = text("""
WITH answered AS (
  UPDATE verifications SET due_at = NULL, asked_at = NULL WHERE id = :id AND fence = :fence RETURNING id
)
INSERT INTO timeline (verification_id, event, detail)
SELECT id, :event, CAST(:detail AS jsonb) FROM answered
""")

_EXPIRE: Final = text("""
WITH expired AS (
  UPDATE verifications SET state = 'expired', due_at = NULL, asked_at = NULL
  WHERE id = :id AND fence = :fence AND state <> 'decided' AND final_digest IS NULL
  RETURNING id
)
INSERT INTO timeline (verification_id, event) SELECT id, 'verification.expired' FROM expired
""")
