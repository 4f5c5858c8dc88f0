"""Registered verifications without a callback, as the reconciler sees them. Nothing is decrypted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.recording.known import registration_of
from domain.pulls.budget import Pull, PullState
from domain.views.verifications import OpenVerification


class PgOpenVerifications:
    """Reads them, earliest due first; `app_ids` None: of every app."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(self, app_ids: Sequence[str] | None, *, limit: int) -> list[OpenVerification]:
        """The first `limit` that wait."""
        async with self._engine.connect() as connection:
            rows = await connection.execute(_PAGE, {"app_ids": app_ids, "limit": limit})
            return [_open(row) for row in rows]

    async def count(self, app_ids: Sequence[str] | None) -> int:
        """The number of waiting verifications."""
        async with self._engine.connect() as connection:
            return int((await connection.execute(_COUNT, {"app_ids": app_ids})).scalar_one())

    async def due_ids(self, app_ids: Sequence[str] | None, *, now: datetime, limit: int) -> list[UUID]:
        """The keys of the first `limit` that are due at `now`."""
        async with self._engine.connect() as connection:
            found = await connection.execute(_DUE, {"app_ids": app_ids, "now": now, "limit": limit})
            return list(found.scalars())


def _open(row: Row[Any]) -> OpenVerification:
    registration = registration_of(row)
    assert registration is not None  # noqa: S101 - the query asks for registered ones
    calls = zip(row.numbers, row.states, row.starts, strict=True)
    ledger = [Pull(n, PullState(state), started_at) for n, state, started_at in calls]
    return OpenVerification(row.app_id, row.biz_id, registration, ledger)


_WAITING: Final = """
FROM verifications v
WHERE state IN ('created', 'received') AND registered_at IS NOT NULL AND final_digest IS NULL
  AND (CAST(:app_ids AS text[]) IS NULL OR app_id = ANY(:app_ids))
"""

_PAGE: Final = text(f"""
SELECT app_id, biz_id, biz_no, registered_at, expires_at, nudged_at,
       ARRAY(SELECT n FROM pulls WHERE verification_id = v.id ORDER BY n) AS numbers,
       ARRAY(SELECT state FROM pulls WHERE verification_id = v.id ORDER BY n) AS states,
       ARRAY(SELECT started_at FROM pulls WHERE verification_id = v.id ORDER BY n) AS starts
{_WAITING} ORDER BY due_at, id LIMIT :limit
""")  # noqa: S608 - constants alone

_COUNT: Final = text(f"SELECT count(*) {_WAITING}")

_DUE: Final = text(f"SELECT id {_WAITING} AND due_at <= :now ORDER BY due_at, id LIMIT :limit")
