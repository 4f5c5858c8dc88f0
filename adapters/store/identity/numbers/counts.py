"""Count the verifications of an ID number, by the blind index."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.blind_index import BlindIndex


class PgNumberCounts:
    """Counts what was ordered or decided."""

    def __init__(self, engine: AsyncEngine, *, index: BlindIndex) -> None:
        self._engine = engine
        self._index = index

    async def count(self, app_id: str, number: str, *, since: datetime, most: int) -> int:
        """The verifications of an app with this number since then, up to `most`."""
        digests = self._index.digests(app_id, number)
        values = {"app_id": app_id, "digests": digests, "since": since, "most": most}
        async with self._engine.connect() as connection:
            return int(await connection.scalar(_COUNT, values) or 0)

    async def note(self, app_id: str, verification: UUID, number: str, *, at: datetime) -> None:
        """Index the number of an ordered verification; its decision may bring another one."""
        if (digest := self._index.digest(app_id, number)) is None:
            return
        async with self._engine.begin() as connection:
            await connection.execute(
                _NOTE, {"id": verification, "app_id": app_id, "digest": digest, "at": at}
            )


_COUNT: Final = text("""
SELECT count(*) FROM (
  SELECT FROM id_numbers WHERE app_id = :app_id AND digest = ANY(CAST(:digests AS bytea[])) AND at >= :since
  LIMIT :most
) AS found
""")

_NOTE: Final = text("""
INSERT INTO id_numbers (verification_id, app_id, digest, at) VALUES (:id, :app_id, :digest, :at)
ON CONFLICT (verification_id) DO NOTHING
""")
