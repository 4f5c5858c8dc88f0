"""The rows of the blind index: those that no decision of this version has written, and how many persons they
are of. Decisions write theirs themselves (adapters/store/decisions/saving.py).
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.keys.data_keys import DataKeys
from adapters.sealing.blind_index import LENGTH, BlindIndex
from adapters.store.decisions.decisions import unseal_identity
from adapters.store.recording.known import key_place
from domain.errors import BrokenSeal

log = structlog.get_logger(__name__)

FORGET: Final = "DELETE FROM id_numbers WHERE verification_id = ANY(CAST(:ids AS uuid[]))"
"""Takes verifications out of the index; the statement of an erasure, which has locked their rows."""


class PgNumbers:
    """Keeps the index complete."""

    def __init__(self, engine: AsyncEngine, *, keys: DataKeys, index: BlindIndex) -> None:
        self._engine = engine
        self._keys = keys
        self._index = index

    async def index_unnumbered(self, *, limit: int) -> int:
        """Index up to `limit` decided verifications whose number an older version has not indexed, and return
        how many there were. Raises ServerAway."""
        async with self._engine.begin() as connection:
            rows = (await connection.execute(_UNNUMBERED, {"limit": limit})).all()
            await self._write(connection, rows)
            await connection.execute(_NUMBERED, {"ids": [row.id for row in rows]})
        return len(rows)

    async def index_again(self, app_ids: Sequence[str], *, limit: int) -> int:
        """Hash up to `limit` numbers of these apps again, whose digests are by an older master key, and
        return how many there were. What cannot be opened leaves the index. Raises ServerAway."""
        names = {"app_ids": [*app_ids], "limit": limit, **self._newest()}
        async with self._engine.begin() as connection:
            rows = (await connection.execute(_BY_OLDER_KEYS, names)).all()
            written = await self._write(connection, rows)
            gone = [row.id for row in rows if row.id not in written]
            await connection.execute(text(FORGET), {"ids": gone})
        return len(rows)

    async def count_persons(self) -> None:
        """Count the distinct numbers of each app, for `person_counts`. Delete what is kept for 30 days:
        how many reads there were, and which erasures were by a number. Raises ServerAway."""
        async with self._engine.begin() as connection:
            await connection.execute(_COUNT)
            await connection.execute(_NO_MORE)
            await connection.execute(_LONG_AGO)
            await connection.execute(_NO_LONGER)

    def _newest(self) -> dict[str, bytes]:
        prefix = self._index.prefix
        return {"first": prefix, "last": prefix + b"\xff" * LENGTH}

    async def _write(self, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> set[UUID]:
        await self._keys.load(row.wrapped_key for row in rows)
        digests = {row.id: digest for row in rows if (digest := self._digest(row))}
        found = [_NumberRow(row.id, digests[row.id]) for row in rows if row.id in digests]
        if found:
            await connection.execute(_WRITE, {"rows": msgspec.json.encode(found).decode()})
        return set(digests)

    def _digest(self, row: Row[Any]) -> bytes | None:
        if row.identity_ct is None:
            return None
        try:
            key = self._keys.unwrap_data_key(row.wrapped_key, place=key_place(row.app_id, row.id))
            identity = unseal_identity(key, row.identity_ct, app_id=row.app_id, verification_id=row.id)
        except BrokenSeal:
            log.warning("identity.not_indexed", app_id=row.app_id, verification_id=str(row.id))
            return None
        return self._index.digest(row.app_id, identity.id_number)


class _NumberRow(msgspec.Struct, frozen=True):
    id: UUID
    digest: bytes


_UNNUMBERED: Final = text("""
SELECT id, app_id, wrapped_key, identity_ct FROM verifications
WHERE identity_ct IS NOT NULL AND numbered IS NULL
LIMIT :limit FOR NO KEY UPDATE SKIP LOCKED
""")
"""The condition is that of the index `verifications_unnumbered`."""

_NUMBERED: Final = text(
    "UPDATE verifications SET numbered = true WHERE id = ANY(CAST(:ids AS uuid[])) AND numbered IS NULL"
)

_BY_OLDER_KEYS: Final = text("""
SELECT v.id, v.app_id, v.wrapped_key, v.identity_ct FROM verifications v
WHERE v.id = ANY(ARRAY(
  SELECT verification_id FROM id_numbers
  WHERE app_id = ANY(CAST(:app_ids AS text[])) AND (digest < :first OR digest > :last) LIMIT :limit
))
FOR NO KEY UPDATE SKIP LOCKED
""")

_WRITE: Final = text("""
INSERT INTO id_numbers (verification_id, app_id, digest, at)
SELECT v.id, v.app_id, decode(t.digest, 'base64'), d.decided_at
FROM json_to_recordset(CAST(:rows AS json)) AS t (id uuid, digest text)
JOIN verifications v ON v.id = t.id JOIN decisions d ON d.verification_id = t.id
ON CONFLICT (verification_id) DO UPDATE SET digest = excluded.digest
WHERE id_numbers.digest <> excluded.digest
""")

_COUNT: Final = text("""
INSERT INTO person_counts (app_id, persons, at)
SELECT app_id, count(*), now() FROM (SELECT DISTINCT app_id, digest FROM id_numbers) numbers GROUP BY app_id
ON CONFLICT (app_id) DO UPDATE SET persons = excluded.persons, at = excluded.at
""")

_NO_MORE: Final = text("DELETE FROM person_counts WHERE at < now()")
"""`now()` is the transaction's begin, which the counted rows have."""

_NO_LONGER: Final = text("DELETE FROM erased_persons WHERE at < now() - interval '30 days'")

_LONG_AGO: Final = text("DELETE FROM identity_readers WHERE day < now() - interval '30 days'")
