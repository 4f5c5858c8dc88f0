"""Count the verifications of an ID number for decisions, by the blind index.

First the rows of a group of verifications are written and committed, then their numbers are counted. So of
two verifications that are decided at the same moment, in one worker or in two, at least one counts the other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.sqlstate import DatabaseAway, StatementFailed
from adapters.sealing.blind_index import BlindIndex
from adapters.store.statements.bulk import as_rows, write_group
from adapters.tasks.coalescer import Coalescer
from domain.policy.facts.facts import MOST_COUNTED, Velocity
from domain.verifications.lease import Lease

_MONTH: Final = timedelta(days=30)
_DAY: Final = timedelta(hours=24)


class PgVelocity:
    """Counts in groups."""

    def __init__(self, engine: AsyncEngine, *, index: BlindIndex) -> None:
        self._engine = engine
        self._index = index
        self._coalescer = Coalescer[_Asked, Velocity](
            self._count_all, max_items=128, systemic=(DatabaseAway,), alone=(StatementFailed,)
        )

    async def count(self, lease: Lease, number: str, *, at: datetime) -> Velocity | None:
        """Index the number of the leased verification, then count the others; None: this is no number."""
        digests = self._index.digests(lease.app_id, number)
        if not digests:
            return None
        return await self._coalescer.submit(_Asked(lease, digests, at))

    async def _count_all(self, group: list["_Asked"]) -> Sequence[Velocity | DatabaseAway]:
        noted = await write_group(self._engine, group, _note)
        free = [each for each, failed in zip(group, noted, strict=True) if failed is None]
        counted = iter(await write_group(self._engine, free, _count) if free else ())
        return [next(counted) if failed is None else failed for failed in noted]


class _Asked(msgspec.Struct, frozen=True):
    """A verification with the digests of its number, the newest master key's first."""

    lease: Lease
    digests: list[bytes]
    at: datetime


class _Row(msgspec.Struct, frozen=True):
    verification_id: UUID
    fence: int
    digest: bytes
    at: datetime


class _Wanted(msgspec.Struct, frozen=True):
    place: int
    app_id: str
    verification_id: UUID
    digest: bytes
    month: datetime
    day: datetime


async def _note(connection: asyncpg.Connection, group: list[_Asked]) -> Sequence[None]:
    rows = {each.lease.verification_id: _row(each) for each in group}
    await connection.execute(_NOTE, as_rows(list(rows.values())))
    return [None] * len(group)


async def _count(connection: asyncpg.Connection, group: list[_Asked]) -> Sequence[Velocity]:
    wanted = [
        _Wanted(
            place, each.lease.app_id, each.lease.verification_id, digest, each.at - _MONTH, each.at - _DAY
        )
        for place, each in enumerate(group)
        for digest in each.digests
    ]
    found = await connection.fetch(_COUNT, as_rows(wanted), MOST_COUNTED)
    counts = {row["place"]: Velocity(row["month"], row["day"]) for row in found}
    return [counts[place] for place in range(len(group))]


def _row(asked: _Asked) -> _Row:
    return _Row(asked.lease.verification_id, asked.lease.fence, asked.digests[0], asked.at)


_NOTE: Final = """
WITH incoming AS (
  SELECT * FROM json_to_recordset(CAST($1 AS json))
    AS t (verification_id uuid, fence bigint, digest text, at timestamptz)
), held AS (
  SELECT v.id, v.app_id, decode(i.digest, 'base64') AS digest, i.at
  FROM verifications v JOIN incoming i ON i.verification_id = v.id AND i.fence = v.fence
  WHERE v.id = ANY(ARRAY(SELECT verification_id FROM incoming)) AND v.erased_at IS NULL
  ORDER BY v.id FOR NO KEY UPDATE OF v
)
INSERT INTO id_numbers (verification_id, app_id, digest, at)
SELECT id, app_id, digest, at FROM held
ON CONFLICT (verification_id) DO UPDATE SET digest = excluded.digest
WHERE id_numbers.digest <> excluded.digest
"""
"""Only under the lease, which an erasure takes away, and never for what is erased."""

_COUNT: Final = """
SELECT t.place, CAST(least(sum(found.month), $2) AS integer) AS month,
       CAST(least(sum(found.day), $2) AS integer) AS day
FROM json_to_recordset(CAST($1 AS json))
  AS t (place integer, app_id text, verification_id uuid, digest text, month timestamptz, day timestamptz)
CROSS JOIN LATERAL (
  SELECT count(*) AS month, count(*) FILTER (WHERE newest.at >= t.day) AS day FROM (
    SELECT n.at FROM id_numbers n
    WHERE n.app_id = t.app_id AND n.digest = decode(t.digest, 'base64') AND n.at >= t.month
      AND n.verification_id <> t.verification_id
    ORDER BY n.at DESC LIMIT CAST($2 AS bigint)
  ) AS newest
) AS found
GROUP BY t.place
"""
"""There is no upper bound in time: what another worker noted by a clock that is ahead counts too."""
