"""Bulk statements on asyncpg directly, without SQLAlchemy, for the writes of every decision.

A statement is constant text and takes the rows of a group as one JSON document, which `json_to_recordset`
turns into rows, with JSON columns unchanged. Short bytes are base64 in it; long ones are a separate array.
An array per column costs twice as much, because asyncpg checks each element against Python's abstract
classes. SQLAlchemy's execution doubles the driver's cost (docs/decisions/0014).
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

from adapters.postgres.connections import session_settings
from adapters.postgres.engine import doubt
from adapters.postgres.sqlstate import (
    LOCK_NOT_AVAILABLE,
    DatabaseAway,
    Fault,
    StatementFailed,
    away,
    fault_of,
)
from adapters.tasks.coalescer import Coalescer

Item = TypeVar("Item")
Result = TypeVar("Result")
Write = Callable[[asyncpg.Connection, list[Item]], Awaitable[Sequence[Result]]]


@asynccontextmanager
async def bulk_connection(engine: AsyncEngine, *, as_one: bool = False) -> AsyncIterator[asyncpg.Connection]:
    """An asyncpg connection from the engine's pool.

    Each statement is a transaction; with `as_one`, and behind a pooler, the whole block is one.

    Raises:
        DatabaseAway: as every statement of the engine.
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
                        await driver.execute(session_settings(local=True))
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
    """Whether the connection must not be reused: it is closed, or the result of its last statement, which may
    have been a BEGIN, is unknown."""
    unknown = isinstance(error, asyncio.CancelledError) or (
        isinstance(error, DatabaseAway) and fault_of(error.sqlstate) is Fault.SESSION
    )
    return unknown or driver.is_closed() or driver.is_in_transaction()


async def write_group(
    engine: AsyncEngine, group: list[Item], write: Write[Item, Result], *, as_one: bool = False
) -> list[Result | DatabaseAway]:
    """Write a group and return the result of `write` for each item, or `DatabaseAway` for an item whose rows
    another transaction has locked, without blocking the others.

    After an error from a session's stale state, `write` is retried once in a new session.

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


def grouped(engine: AsyncEngine, write: Write[Item, Result]) -> Coalescer[Item, Result]:
    """Collect items and write each group with `write_group`."""

    async def flush(group: list[Item]) -> list[Result | DatabaseAway]:
        return await write_group(engine, group, write)

    return Coalescer(flush, max_items=128, systemic=(DatabaseAway,), alone=(StatementFailed,))


async def _write(
    engine: AsyncEngine, group: list[Item], write: Write[Item, Result], *, as_one: bool
) -> list[Result | DatabaseAway]:
    async with bulk_connection(engine, as_one=as_one) as connection:
        return [*await write(connection, group)]


async def _write_the_free(
    engine: AsyncEngine, group: list[Item], write: Write[Item, Result]
) -> list[Result | DatabaseAway]:
    """Write a group that met a lock in parts: a part that meets it again is halved, until the items that need
    locked rows are isolated.

    Only a write shows which rows an item needs: a row of another table, or an uncommitted insert of another
    transaction, which no query finds.
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
    """The results of `write` for a part of a group; None if a row that it needs is locked."""
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


_HARDLY_WAIT: Final = "SET LOCAL lock_timeout = 10"
"""In ms."""

_MOST_LOCKS: Final = 64
"""Enough to isolate ten scattered locked items in a group of 128. After that many locks, as during a
migration, parts are no longer halved, since they would only wait."""
