"""Which verifications were to be erased by an ID number, so that the same request finds their receipts.

The number's digest is under a key of this purpose alone, so it has nothing in common with the blind index. A
row is deleted 30 days after the request (adapters/store/identity/numbers/index.py).
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.receipts import receipt_of
from domain.identity.erasure import Receipt

_LABEL: Final = b"id numbers of erased persons"


class ErasedPersons:
    """Notes requests, and finds the receipts of what was erased by them."""

    def __init__(self, engine: AsyncEngine, ring: KeyRing) -> None:
        self._engine = engine
        self._index = BlindIndex(ring, label=_LABEL)

    async def note(self, app_id: str, number: str, ids: Sequence[UUID]) -> None:
        """Note that these are to be erased by this number. Raises ServerAway."""
        values: dict[str, Any] = {"app_id": app_id, "ids": [*ids]}
        values["digest"] = self._index.digest(app_id, number)
        async with self._engine.begin() as connection:
            await connection.execute(_NOTE, values)

    async def receipts(self, app_id: str, number: str, *, limit: int) -> list[Receipt]:
        """The receipts of what was erased by this number, newest first. Raises ServerAway."""
        digests = self._index.digests(app_id, number)
        values = {"app_id": app_id, "digests": digests, "limit": limit}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_RECEIPTS, values)).all()
        return [receipt for row in rows if (receipt := receipt_of(row)) is not None]


_NOTE: Final = text("""
INSERT INTO erased_persons (verification_id, app_id, digest, at)
SELECT id, :app_id, :digest, now() FROM unnest(CAST(:ids AS uuid[])) AS t (id)
ON CONFLICT (verification_id) DO NOTHING
""")

_RECEIPTS: Final = text("""
SELECT e.receipt FROM erased_persons p JOIN erasures e ON e.verification_id = p.verification_id
WHERE p.app_id = :app_id AND p.digest = ANY(CAST(:digests AS bytea[])) AND e.completed_at IS NOT NULL
ORDER BY p.at DESC, p.verification_id LIMIT :limit
""")
