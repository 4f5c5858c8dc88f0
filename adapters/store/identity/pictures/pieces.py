"""The rows of pictures: begun before their pieces are put, and gone after them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.identity.pictures import LeftPieces, StoredPicture
from domain.verifications.lease import Lease

ERASE: Final = """
UPDATE pictures SET deleted_at = now(), digest = NULL
WHERE verification_id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL
"""
"""Marks the pictures of verifications, whose rows the caller has locked: a worker's sweep deletes the pieces.
Those that are just being put too: their piece goes once it is there."""


class PgPictures:
    """Notes what is put, and what is to be deleted."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, lease: Lease, pictures: Sequence[StoredPicture], *, now: datetime) -> bool:
        """Note pictures that are about to be put; False if the verification is erased."""
        values = {
            "id": lease.verification_id,
            "rows": msgspec.json.encode(list(pictures)).decode(),
            "now": now,
        }
        async with self._engine.begin() as connection:
            return bool((await connection.execute(_BEGIN, values)).rowcount)

    async def left(self, *, begun_before: datetime, limit: int) -> list[LeftPieces]:
        """Pieces of up to `limit` pictures that are erased, or that were begun before and never stored."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_LEFT, {"before": begun_before, "limit": limit})).all()
        found: dict[UUID, list[str]] = {}
        for row in rows:
            found.setdefault(row.verification_id, []).append(row.piece)
        return [LeftPieces(*each) for each in found.items()]

    async def gone(self, left: Sequence[LeftPieces]) -> None:
        """Forget these: their pieces are deleted."""
        pieces = [f"{each.verification_id}.{piece}" for each in left for piece in each.pieces]
        ids = [each.verification_id for each in left]
        async with self._engine.begin() as connection:
            await connection.execute(_GONE, {"ids": ids, "pieces": pieces})

    async def of(self, verification_id: UUID) -> list[StoredPicture]:
        """The pictures that are stored and not erased, in order."""
        async with self._engine.connect() as connection:
            return [StoredPicture(*row) for row in await connection.execute(_OF, {"id": verification_id})]


_BEGIN: Final = text("""
INSERT INTO pictures (verification_id, n, position, app_id, name, media_type, size, begun_at)
SELECT v.id, t.n, t.position, v.app_id, t.name, t.media_type, t.size, :now
FROM (
  SELECT id, app_id FROM verifications
  WHERE id = :id AND erased_at IS NULL AND wrapped_key IS NOT NULL FOR SHARE
) v, json_to_recordset(CAST(:rows AS json))
  AS t (n smallint, position smallint, name text, media_type text, size integer)
ON CONFLICT (verification_id, n, position) DO UPDATE SET begun_at = excluded.begun_at
""")
"""The lock makes an erasure wait for these rows, or this statement for the erasure."""

_LEFT: Final = text("""
SELECT verification_id, n || '-' || position AS piece FROM pictures
WHERE (deleted_at IS NOT NULL AND stored_at IS NOT NULL) OR (stored_at IS NULL AND begun_at < :before)
ORDER BY begun_at LIMIT :limit
""")

_GONE: Final = text("""
DELETE FROM pictures WHERE verification_id = ANY(CAST(:ids AS uuid[]))
  AND verification_id || '.' || n || '-' || position = ANY(CAST(:pieces AS text[]))
""")

_OF: Final = text("""
SELECT n, position, name, media_type, size FROM pictures
WHERE verification_id = :id AND stored_at IS NOT NULL AND deleted_at IS NULL ORDER BY n, position
""")
