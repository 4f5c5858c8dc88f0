"""Bulk statements on asyncpg itself, without SQLAlchemy's way to it, for what every decision writes.

A statement is constant text and takes the rows of a group as one JSON document, of which `json_to_recordset`
makes rows again, with JSON columns word for word. Short bytes are in it as base64; long ones go beside it as
an array. An array for every column costs twice as much: asyncpg asks Python's abstract classes about each
element. SQLAlchemy's execution costs as much again as the driver's (docs/decisions/0014).
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.database import DATABASE_AWAY, DatabaseAway, passes


@asynccontextmanager
async def bulk_connection(engine: AsyncEngine) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the engine's pool as its driver knows it; each statement is a transaction.

    Raises:
        DatabaseAway: as every statement of the engine does.
    """
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        driver = cast(asyncpg.Connection, raw.driver_connection)
        try:
            yield driver
        except asyncpg.PostgresError as error:
            if not passes(error.sqlstate):
                raise
            raise DatabaseAway(type(error).__name__) from None
        except (asyncpg.InterfaceError, *DATABASE_AWAY) as error:
            raise DatabaseAway(type(error).__name__) from None
        finally:
            if _is_doubtful(driver, sys.exception()):
                await connection.invalidate()


def _is_doubtful(driver: asyncpg.Connection, error: BaseException | None) -> bool:
    """Whether nobody should be given the connection again: it is gone, or what became of the last statement,
    which may have been a BEGIN, is not known."""
    unknown = isinstance(error, (asyncio.CancelledError, DatabaseAway))
    return unknown or driver.is_closed() or driver.is_in_transaction()


def as_rows(group: Sequence[msgspec.Struct]) -> str:
    """The group as `$1`, to be read by `json_to_recordset(CAST($1 AS json))`."""
    return msgspec.json.encode(group).decode()
