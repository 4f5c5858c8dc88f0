"""The ledger of pulls: every call is reserved in a committed transaction before it is sent.

Each group is one statement, and each statement is one transaction.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.sealing.compression.raw import open_raw, seal_raw
from adapters.sealing.envelope import place_of
from adapters.store.statements.bulk import as_rows, bulk_connection, grouped
from adapters.store.tables.verifications import pulls
from domain.pulls.answer import says_nothing
from domain.pulls.budget import Pull, PullState
from domain.verifications.lease import Lease
from domain.verifications.records import FinishedPull


class _Wanted(msgspec.Struct, frozen=True):
    verification_id: UUID
    n: int
    fence: int
    now: datetime


class _Ended(msgspec.Struct, frozen=True):
    verification_id: UUID
    n: int
    state: PullState
    finished_at: datetime
    http_status: int | None
    error: str | None
    pictures: int
    pictures_lost: int


class PgLedger:
    """Rows of `pulls`, written in groups. `compresses`: whether every process can open compressed answers."""

    def __init__(self, engine: AsyncEngine, *, compresses: Callable[[], bool] = lambda: True) -> None:
        self._engine = engine
        self._compresses = compresses
        self._reservations = grouped(engine, _reserve_all)
        self._ends = grouped(engine, self._finish_all)

    async def of(self, verification_id: UUID) -> list[Pull]:
        """The calls reserved so far, in order."""
        async with bulk_connection(self._engine) as connection:
            found = await connection.fetch(_CALLS, verification_id)
        return [_call(*row) for row in found]

    async def answer_of(self, lease: Lease) -> bytes | None:
        """The body of the newest call that the vendor answered with a result, or None."""
        async with bulk_connection(self._engine) as connection:
            row = await connection.fetchrow(_ANSWER, lease.verification_id)
        if row is None:
            return None
        return open_raw(lease.key, row["raw_ct"], place=_place(lease, row["n"]))

    async def reserve(self, lease: Lease, n: int, *, now: datetime) -> bool:
        """Reserve call `n`; False if it is reserved or spent already, or the lease is lost."""
        return await self._reservations.submit(_Wanted(lease.verification_id, n, lease.fence, now))

    async def finish(self, pull: FinishedPull) -> None:
        """Record the end of a reserved call. Without a fence, since every answer is worth keeping."""
        await self._ends.submit(pull)

    async def _finish_all(
        self, connection: asyncpg.Connection, finished: list[FinishedPull]
    ) -> Sequence[None]:
        compress = self._compresses()
        ordered = sorted(finished, key=lambda pull: (pull.lease.verification_id.int, pull.n))
        answers = [_sealed_answer(pull, compress=compress) for pull in ordered]
        with_pictures = any(pull.pictures or pull.pictures_lost for pull in ordered)
        statement = _FINISH_WITH_PICTURES if with_pictures else _FINISH
        await connection.execute(statement, as_rows([_ended(pull) for pull in ordered]), answers)
        return [None] * len(finished)


async def _reserve_all(connection: asyncpg.Connection, wanted: list[_Wanted]) -> Sequence[bool]:
    # If a group has the same call twice there is one row, which the first caller gets.
    calls = {_key(call): call for call in reversed(wanted)}
    ordered = [calls[key] for key in sorted(calls)]
    found = await connection.fetch(_RESERVE, as_rows(ordered))
    reserved = {(row["verification_id"].int, row["n"], row["fence"]) for row in found}
    return [_take(reserved, _key(call)) for call in wanted]


async def read_calls(connection: AsyncConnection, verification_id: UUID) -> list[Pull]:
    """A verification's calls, in order, as this transaction sees them."""
    statement = (
        select(pulls.c.n, pulls.c.state, pulls.c.started_at, pulls.c.error)
        .where(pulls.c.verification_id == verification_id)
        .order_by(pulls.c.n)
    )
    found = await connection.execute(statement)
    return [_call(*row) for row in found]


def _call(n: int, state: str, started_at: datetime, error: str | None) -> Pull:
    return Pull(n, PullState(state), started_at, state == PullState.DONE and says_nothing(error))


def _key(call: _Wanted) -> tuple[int, int, int]:
    """The sort key of a reservation, in the order of the ids; numbers compare faster than UUIDs."""
    return call.verification_id.int, call.n, call.fence


def _take(reserved: set[tuple[int, int, int]], call: tuple[int, int, int]) -> bool:
    if call not in reserved:
        return False
    reserved.discard(call)
    return True


def _ended(pull: FinishedPull) -> _Ended:
    answer, verification_id = pull.answer, pull.lease.verification_id
    return _Ended(
        verification_id,
        pull.n,
        answer.state,
        pull.finished_at,
        answer.http_status,
        answer.error,
        pull.pictures,
        pull.pictures_lost,
    )


def _sealed_answer(pull: FinishedPull, *, compress: bool) -> bytes | None:
    if pull.answer.body is None:
        return None
    place = _place(pull.lease, pull.n)
    return seal_raw(pull.lease.key, pull.answer.body, place=place, compress=compress)


def _place(lease: Lease, n: int) -> str:
    return place_of(lease.app_id, "pulls.raw_ct", f"{lease.verification_id}/{n}")


_CALLS: Final = "SELECT n, state, started_at, error FROM pulls WHERE verification_id = $1 ORDER BY n"

_ANSWER: Final = """
SELECT n, raw_ct FROM pulls WHERE verification_id = $1 AND raw_ct IS NOT NULL AND error IS NULL
ORDER BY n DESC LIMIT 1
"""

_RESERVE: Final = """
WITH wanted AS (
  SELECT * FROM json_to_recordset(CAST($1 AS json))
    AS t (verification_id uuid, n smallint, fence bigint, now timestamptz)
), held AS (
  SELECT w.* FROM wanted w JOIN verifications v ON v.id = w.verification_id AND v.fence = w.fence
  WHERE v.id = ANY(ARRAY(SELECT verification_id FROM wanted))
  ORDER BY v.id FOR NO KEY UPDATE OF v
), abandoned AS (
  UPDATE pulls p SET state = 'unknown', finished_at = h.now
  FROM held h WHERE p.verification_id = h.verification_id AND p.n < h.n AND p.state = 'reserved'
    AND p.verification_id = ANY(ARRAY(SELECT verification_id FROM held))
), reserved AS (
  INSERT INTO pulls AS p (verification_id, n, state, started_at)
  SELECT verification_id, n, 'reserved', now FROM held
  ON CONFLICT (verification_id, n) DO UPDATE
    SET state = 'reserved', started_at = EXCLUDED.started_at, finished_at = NULL, error = NULL
    WHERE p.state = 'not_sent'
  RETURNING p.verification_id, p.n
)
SELECT verification_id, n, fence FROM reserved JOIN held USING (verification_id, n)
"""
"""If a worker died, its call stays `reserved` until the next one is reserved, and becomes `unknown` then.
`held`: the rows whose lease the caller still has, locked so that no other worker takes it."""

_STORED: Final = """, stored AS (
  UPDATE pictures p SET stored_at = e.finished_at FROM ended e
  WHERE p.verification_id = e.verification_id AND p.n = e.n AND e.pictures > 0
    AND p.verification_id = ANY(ARRAY(SELECT verification_id FROM ended))
)"""

_COUNTED: Final = """ || jsonb_strip_nulls(jsonb_build_object(
           'pictures', NULLIF(e.pictures, 0), 'pictures_lost', NULLIF(e.pictures_lost, 0)))"""


def _finishing(stored: str = "", counted: str = "") -> str:
    return f"""
WITH ended AS (
  SELECT * FROM ROWS FROM (
    json_to_recordset(CAST($1 AS json))
      AS (verification_id uuid, n smallint, state text, finished_at timestamptz, http_status smallint,
          error text, pictures smallint, pictures_lost smallint),
    unnest(CAST($2 AS bytea[]))
  ) AS t (verification_id, n, state, finished_at, http_status, error, pictures, pictures_lost, raw_ct)
), noted AS (
  INSERT INTO timeline (verification_id, event, detail)
  SELECT verification_id, 'pull.finished',
         jsonb_build_object('n', n, 'state', e.state, 'http_status', e.http_status, 'error', e.error){counted}
  FROM ended e JOIN pulls p USING (verification_id, n)
  WHERE p.finished_at IS DISTINCT FROM e.finished_at
    AND p.verification_id = ANY(ARRAY(SELECT verification_id FROM ended))
){stored}
UPDATE pulls p
SET state = e.state, finished_at = e.finished_at, http_status = e.http_status, error = e.error,
    raw_ct = e.raw_ct
FROM ended e WHERE p.verification_id = e.verification_id AND p.n = e.n
  AND (e.state <> 'not_sent' OR p.started_at <= e.finished_at)
  AND p.verification_id = ANY(ARRAY(SELECT verification_id FROM ended))
"""  # noqa: S608 - constants alone


_FINISH: Final = _finishing()
"""A caller without an answer repeats the statement; the repetition adds no second event. By then an unsent
call may have been reserved again, which this statement must not end."""

_FINISH_WITH_PICTURES: Final = _finishing(_STORED, _COUNTED)
"""A picture that was erased in the meantime is stored too, so that its piece is deleted."""
