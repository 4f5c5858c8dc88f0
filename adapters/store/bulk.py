"""Bulk statements on asyncpg itself, without SQLAlchemy's way to it, for what every decision writes.

A statement is constant text and takes the rows of a group as one JSON document, of which `json_to_recordset`
makes rows again, with JSON columns word for word. Short bytes are in it as base64; long ones go beside it as
an array. An array for every column costs twice as much: asyncpg asks Python's abstract classes about each
element. SQLAlchemy's execution costs as much again as the driver's (docs/decisions/0014).
"""

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
        except (asyncpg.PostgresError, asyncpg.InterfaceError, *DATABASE_AWAY) as error:
            if driver.is_closed():
                await connection.invalidate()
            elif not passes(getattr(error, "sqlstate", None)) and not isinstance(error, DATABASE_AWAY):
                raise
            raise DatabaseAway(type(error).__name__) from None


def as_rows(group: Sequence[msgspec.Struct]) -> str:
    """The group as `$1`, to be read by `json_to_recordset(CAST($1 AS json))`."""
    return msgspec.json.encode(group).decode()
