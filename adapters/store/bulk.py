"""Bulk statements on asyncpg itself, without SQLAlchemy's way to it, for what every decision writes.

A statement is constant text and takes the rows of a group as one JSON document, of which `json_to_recordset`
makes rows again, with JSON columns word for word. Short bytes are in it as base64; long ones go beside it as
an array. An array for every column costs twice as much: asyncpg asks Python's abstract classes about each
element. SQLAlchemy's execution costs as much again as the driver's (docs/decisions/0014).
"""

import asyncio
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar, cast

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connections import LOCK_TIMEOUT
from adapters.postgres.engine import doubt
from adapters.postgres.sqlstate import LOCK_NOT_AVAILABLE, DatabaseAway, Fault, away, fault_of

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
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
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
    engine: AsyncEngine, group: list[Item], write: Write[Item, Result], *, as_one: bool = False
) -> list[Result | DatabaseAway]:
    """Write a group; what `write` has for each item, or `DatabaseAway` where another transaction has locked
    what it needs, which holds up no other.

    What a session remembered wrongly is tried once more on a new one: `write` may run twice.

    Raises:
        DatabaseAway, PostgresError: the group could not be written.
    """
    try:
        return await _write(engine, group, write, as_one=as_one)
    except DatabaseAway as error:
        if error.sqlstate == LOCK_NOT_AVAILABLE:
            return await _write_the_free(engine, group, write)
        if error.sqlstate is None or fault_of(error.sqlstate) is not Fault.SESSION:
            raise
    return await _write(engine, group, write, as_one=as_one)


async def _write(
    engine: AsyncEngine, group: list[Item], write: Write[Item, Result], *, as_one: bool
) -> list[Result | DatabaseAway]:
    async with bulk_connection(engine, as_one=as_one) as connection:
        return [*await write(connection, group)]


async def _write_the_free(
    engine: AsyncEngine, group: list[Item], write: Write[Item, Result]
) -> list[Result | DatabaseAway]:
    """Write a group that has met a lock, in parts: one that meets it again is halved, until the items that
    need what is locked are alone.

    Only writing shows what an item needs: a row of another table, or one that another transaction has
    inserted and not committed, which no query finds.
    """
    met = 0
    ends: dict[int, Result | DatabaseAway] = {}
    parts = deque(_halves(range(len(group))))
    while parts:
        part = parts.popleft()
        written = await _write_at_once(engine, [group[index] for index in part], write)
        met += written is None
        if written is not None:
            ends.update(zip(part, written, strict=True))
        elif met < _MOST_LOCKS and len(part) > 1:
            parts.extend(_halves(part))
        else:
            ends.update((index, DatabaseAway("locked")) for index in part)
    return [ends[index] for index in range(len(group))]


async def _write_at_once(
    engine: AsyncEngine, part: list[Item], write: Write[Item, Result]
) -> Sequence[Result] | None:
    """What `write` has for a part of a group; None: something that it needs is locked."""
    try:
        async with bulk_connection(engine, as_one=True) as connection:
            await connection.execute(_HARDLY_WAIT)
            return await write(connection, part)
    except DatabaseAway as error:
        if error.sqlstate != LOCK_NOT_AVAILABLE:
            raise
        return None


def _halves(part: range) -> list[range]:
    middle = (len(part) + 1) // 2
    return [half for half in (part[:middle], part[middle:]) if half]


def as_rows(group: Sequence[msgspec.Struct]) -> str:
    """The group as `$1`, to be read by `json_to_recordset(CAST($1 AS json))`."""
    return msgspec.json.encode(group).decode()


_LIMIT_LOCKS: Final = f"SET LOCAL lock_timeout = {LOCK_TIMEOUT.total_seconds() * 1000:.0f}"

_HARDLY_WAIT: Final = "SET LOCAL lock_timeout = 10"
"""In ms."""

_MOST_LOCKS: Final = 64
"""Enough to find ten locked items that are far from each other in a group of 128. Behind that many, as during
a migration, no part is halved any more: it would only wait."""
