"""The wrapped data keys of each table: read in pages, exchanged by compare-and-set, counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import epoch_of
from adapters.postgres.sqlstate import LOCK_NOT_AVAILABLE, DatabaseAway
from adapters.sealing.envelope import WRAPPED_BY_MASTER
from adapters.store.statements.bulk import bulk_connection

PAGE: Final = 1000
_WAIT_BRIEFLY: Final = "SET LOCAL lock_timeout = 200"
"""In ms."""

FIRST: Final = UUID(int=0)


class WrappedKeys(NamedTuple):
    """A table with data keys. `born`: the column that decides the epoch; None: the master key wraps them.

    `app`: the app in the place of a wrapped key, as SQL.
    """

    table: str
    born: str | None
    app: str = "app_id"

    @property
    def column(self) -> str:
        """The column, as the place of a wrapped key names it."""
        return f"{self.table}.wrapped_key"


TABLES: Final = (
    WrappedKeys("verifications", "created_at"),
    WrappedKeys("dead_letters", "first_seen_at"),
    WrappedKeys("endpoints", None),
    WrappedKeys("persons", None, app="''"),
)


class WrappedKey(NamedTuple):
    """One row's key, as it is stored."""

    id: UUID
    app_id: str
    wrapped: bytes
    born: datetime | None


async def by_master_keys(
    engine: AsyncEngine, keys: WrappedKeys, *, after: UUID, except_by: bytes | None = None
) -> list[WrappedKey]:
    """The next rows whose key a master key wrapped, by id; not those that `except_by` wrapped."""
    born = keys.born or "NULL"
    statement = f"""
SELECT id, {keys.app} AS app_id, wrapped_key, {born} FROM {keys.table}
WHERE id > $1 AND octet_length(wrapped_key) = {WRAPPED_BY_MASTER}
  AND ($2::bytea IS NULL OR substring(wrapped_key FROM 1 FOR 8) <> $2)
ORDER BY id LIMIT {PAGE}
"""  # noqa: S608 - constants alone
    async with bulk_connection(engine) as connection:
        return [WrappedKey(*row) for row in await connection.fetch(statement, after, except_by)]


async def exchange(engine: AsyncEngine, keys: WrappedKeys, rows: Sequence[tuple[UUID, bytes, bytes]]) -> int:
    """Store the new key of each (id, old, new) whose row still has the old one; the number of rows changed.

    A row that another transaction holds for longer is left out: the caller finds it again.
    """
    arrays = list(zip(*rows, strict=True))
    try:
        return await _exchange(engine, _exchanging(keys), arrays)
    except DatabaseAway as error:
        if error.sqlstate != LOCK_NOT_AVAILABLE:
            raise
    return await _exchange(engine, _exchanging_the_free(keys), arrays)


async def _exchange(engine: AsyncEngine, statement: str, arrays: Sequence[Sequence[object]]) -> int:
    async with bulk_connection(engine, as_one=True) as connection:
        await connection.execute(_WAIT_BRIEFLY)
        return int((await connection.execute(statement, *arrays)).rsplit(" ", 1)[1])


def _exchanging(keys: WrappedKeys) -> str:
    """In the order of the ids, as workers lock rows: so neither waits for the other in a circle."""
    return f"""
UPDATE {keys.table} k SET wrapped_key = w.new
FROM (SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS t (id, old, new) ORDER BY id) w
WHERE k.id = w.id AND k.wrapped_key = w.old AND k.id = ANY($1::uuid[])
"""  # noqa: S608 - constants alone


def _exchanging_the_free(keys: WrappedKeys) -> str:
    """A fourth as fast."""
    return f"""
WITH wanted AS (
  SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS t (id, old, new)
), held AS (
  SELECT k.id, w.new FROM {keys.table} k JOIN wanted w ON w.id = k.id AND w.old = k.wrapped_key
  WHERE k.id = ANY($1::uuid[]) ORDER BY k.id FOR NO KEY UPDATE OF k SKIP LOCKED
)
UPDATE {keys.table} k SET wrapped_key = h.new FROM held h WHERE k.id = h.id AND k.id = ANY($1::uuid[])
"""  # noqa: S608 - constants alone


async def count_by_master_keys(
    engine: AsyncEngine, keys: WrappedKeys, *, except_by: bytes | None = None
) -> int:
    """The number of rows that `by_master_keys` finds."""
    statement = f"""
SELECT count(*) FROM {keys.table}
WHERE octet_length(wrapped_key) = {WRAPPED_BY_MASTER}
  AND ($1::bytea IS NULL OR substring(wrapped_key FROM 1 FOR 8) <> $1)
"""  # noqa: S608 - constants alone
    async with bulk_connection(engine) as connection:
        return int(await connection.fetchval(statement, except_by))


async def is_used(engine: AsyncEngine, keys: WrappedKeys, *, master_key: bytes) -> bool:
    """Whether the master key with this id wrapped any row's key."""
    statement = text(f"""
SELECT EXISTS (SELECT FROM {keys.table} WHERE octet_length(wrapped_key) = {WRAPPED_BY_MASTER}
               AND substring(wrapped_key FROM 1 FOR 8) = :id)
""")  # noqa: S608 - constants alone
    async with engine.connect() as connection:
        return bool(await connection.scalar(statement, {"id": master_key}))


async def count_by_epoch(engine: AsyncEngine, keys: WrappedKeys) -> dict[UUID, int]:
    """The number of rows under each epoch."""
    statement = f"""
SELECT min(wrapped_key) AS one, count(*) AS rows FROM {keys.table}
WHERE octet_length(wrapped_key) <> {WRAPPED_BY_MASTER} GROUP BY substring(wrapped_key FROM 1 FOR 17)
"""  # noqa: S608 - constants alone
    async with bulk_connection(engine) as connection:
        found = await connection.fetch(statement)
    return {epoch: row["rows"] for row in found if (epoch := epoch_of(row["one"]))}
