"""Bulk statements on asyncpg itself, without SQLAlchemy's way to it, for what every decision writes.

A statement is constant text and takes the rows of a group as one JSON document, of which `json_to_recordset`
makes rows again, with JSON columns word for word. Short bytes are in it as base64; long ones go beside it as
an array. An array for every column costs twice as much: asyncpg asks Python's abstract classes about each
element. SQLAlchemy's execution costs as much again as the driver's (docs/decisions/0014).
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar, cast
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.database import DATABASE_AWAY, DatabaseAway, away, doubt
from adapters.database_connections import LOCK_TIMEOUT
from adapters.sqlstate import LOCK_NOT_AVAILABLE, Fault, fault_of

Item = TypeVar("Item")
Result = TypeVar("Result")
Write = Callable[[asyncpg.Connection, list[Item]], Awaitable[Sequence[Result]]]


@asynccontextmanager
async def bulk_connection(engine: AsyncEngine, *, as_one: bool = False) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the engine's pool as its driver knows it.

    Each statement is a transaction, or the block is one: where `as_one` demands it, and behind a pooler.

    Raises:
        DatabaseAway: as every statement of the engine does.
    """
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = cast(asyncpg.Connection, raw.driver_connection)
        try:
            if raw.info["prepares"] and not as_one:
                yield driver
            else:
                async with driver.transaction():
                    if not raw.info["prepares"]:
                        await driver.execute(_LIMIT_LOCKS)
                    yield driver
        except (asyncpg.PostgresError, asyncpg.InterfaceError, *DATABASE_AWAY) as error:
            fault = fault_of(getattr(error, "sqlstate", None))
            if fault is Fault.VALUE:
                raise
            if fault is Fault.SESSION:
                doubt(engine)
            raise away(error) from None
        finally:
            if _is_doubtful(driver, sys.exception()):
                await connection.invalidate()


def _is_doubtful(driver: asyncpg.Connection, error: BaseException | None) -> bool:
    """Whether nobody should be given the connection again: it is gone, or what became of the last statement,
    which may have been a BEGIN, is not known."""
    unknown = isinstance(error, asyncio.CancelledError) or (
        isinstance(error, DatabaseAway) and fault_of(error.sqlstate) is Fault.SESSION
    )
    return unknown or driver.is_closed() or driver.is_in_transaction()


async def write_group(
    engine: AsyncEngine,
    group: list[Item],
    write: Write[Item, Result],
    *,
    row: Callable[[Item], UUID],
    as_one: bool = False,
) -> list[Result | DatabaseAway]:
    """Write a group; what `write` has for each item, or `DatabaseAway` where another transaction has locked
    its verification (`row`), which holds up no other.

    What a session remembered wrongly is tried once more on a new one: `write` may run twice.

    Raises:
        DatabaseAway, PostgresError: the group could not be written.
    """
    try:
        return await _write(engine, group, write, as_one=as_one)
    except DatabaseAway as error:
        if error.sqlstate == LOCK_NOT_AVAILABLE:
            return await _write_the_free(engine, group, write, row=row)
        if error.sqlstate is None or fault_of(error.sqlstate) is not Fault.SESSION:
            raise
    return await _write(engine, group, write, as_one=as_one)


async def _write(
    engine: AsyncEngine, group: list[Item], write: Write[Item, Result], *, as_one: bool
) -> list[Result | DatabaseAway]:
    async with bulk_connection(engine, as_one=as_one) as connection:
        return [*await write(connection, group)]


async def _write_the_free(
    engine: AsyncEngine, group: list[Item], write: Write[Item, Result], *, row: Callable[[Item], UUID]
) -> list[Result | DatabaseAway]:
    try:
        async with bulk_connection(engine, as_one=True) as connection:
            found = await connection.fetch(_LOCKED, [row(item) for item in group])
            locked = {each["id"].int for each in found}
            free = [item for item in group if row(item).int not in locked]
            written = iter(await write(connection, free) if free else ())
    except DatabaseAway as error:
        # Locked as a whole, by a migration for example: then the next item would wait as long.
        raise DatabaseAway(*error.args) from None
    return [DatabaseAway("locked") if row(item).int in locked else next(written) for item in group]


def as_rows(group: Sequence[msgspec.Struct]) -> str:
    """The group as `$1`, to be read by `json_to_recordset(CAST($1 AS json))`."""
    return msgspec.json.encode(group).decode()


_LIMIT_LOCKS: Final = f"SET LOCAL lock_timeout = {LOCK_TIMEOUT.total_seconds() * 1000:.0f}"

_LOCKED: Final = """
WITH free AS (
  SELECT id FROM verifications WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
SELECT id FROM verifications WHERE id = ANY($1) AND id NOT IN (SELECT id FROM free)
"""
"""The verifications that another transaction has locked; the others are locked by this one."""
