"""Statements on the driver itself fail as those of the engine do, and leave the pool as whole."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.store.statements.bulk import as_rows, bulk_connection

BACKEND = "SELECT pg_backend_pid()"


async def fail_with(engine: AsyncEngine, sqlstate: str) -> None:
    async with bulk_connection(engine) as connection:
        await connection.execute(f"DO $$ BEGIN RAISE USING ERRCODE = '{sqlstate}'; END $$")


@pytest.mark.parametrize(
    "sqlstate", ["08006", "0A000", "25006", "26000", "40P01", "42P01", "53300", "57P01", "58030", "XX000"]
)
async def test_temporary_errors_count_as_away(engine: AsyncEngine, sqlstate: str) -> None:
    with pytest.raises(DatabaseAway):
        await fail_with(engine, sqlstate)


@pytest.mark.parametrize("sqlstate", ["22P05", "23514", "54000"])
async def test_a_value_is_at_fault_otherwise(engine: AsyncEngine, sqlstate: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await fail_with(engine, sqlstate)
    assert not isinstance(caught.value, DatabaseAway)


async def test_a_dead_connection_fails_its_user_and_is_replaced(
    engine: AsyncEngine, database_url: str
) -> None:
    busy = create_engine(database_url, pool_size=1, rested=timedelta(minutes=1))
    async with bulk_connection(busy) as connection:
        pid = await connection.fetchval(BACKEND)
    async with engine.connect() as connection_of_another:
        await connection_of_another.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    with pytest.raises(DatabaseAway):
        async with bulk_connection(busy) as connection:
            await connection.fetchval(BACKEND)
    async with bulk_connection(busy) as connection:
        assert await connection.fetchval(BACKEND) != pid
    await busy.dispose()


async def test_after_a_cancelled_statement_another_connection_serves_the_next_one(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=1)
    async with bulk_connection(engine) as connection:
        before = await connection.fetchval(BACKEND)

    async def sleep() -> None:
        async with bulk_connection(engine) as connection:
            await connection.execute("SELECT pg_sleep(30)")

    sleeping = asyncio.create_task(sleep())
    await asyncio.sleep(0.2)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    async with asyncio.timeout(5), bulk_connection(engine) as connection:
        assert await connection.fetchval(BACKEND) != before
    await engine.dispose()


async def test_a_timed_out_statement_counts_as_away_and_closes_its_connection(
    database_url: str,
) -> None:
    engine = create_engine(database_url, pool_size=1)
    async with bulk_connection(engine) as connection:
        before = await connection.fetchval(BACKEND)
    with pytest.raises(DatabaseAway):
        async with bulk_connection(engine) as connection:
            await connection.execute("SELECT pg_sleep(30)", timeout=0.1)
    async with bulk_connection(engine) as connection:
        assert await connection.fetchval(BACKEND) != before
    await engine.dispose()


async def test_a_connection_with_a_begin_of_unknown_result_is_not_reused(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=1)
    async with bulk_connection(engine) as connection:
        await connection.execute("BEGIN")
    async with bulk_connection(engine) as connection:
        assert not connection.is_in_transaction()
    await engine.dispose()


async def test_a_value_that_the_driver_refuses_is_at_fault(engine: AsyncEngine) -> None:
    with pytest.raises(asyncpg.DataError):
        async with bulk_connection(engine) as connection:
            await connection.fetchval("SELECT CAST($1 AS smallint)", 2**40)


async def test_a_failed_transaction_leaves_nothing(engine: AsyncEngine) -> None:
    async def fail_half_way() -> None:
        async with bulk_connection(engine) as connection, connection.transaction():
            await connection.execute("CREATE TABLE half_done ()")
            await connection.execute("SELECT 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await fail_half_way()
    async with bulk_connection(engine) as connection:
        assert await connection.fetchval("SELECT to_regclass('half_done')") is None


class Row(msgspec.Struct):
    id: UUID
    at: datetime
    sealed: bytes
    note: str | None
    detail: dict[str, float]


async def test_rows_arrive_as_they_were_sent(engine: AsyncEngine) -> None:
    sent = [
        Row(
            uuid4(),
            datetime(2026, 11, 26, 1, 2, 3, 456789, UTC),
            b"\x00\xff" * 40,
            "欧阳 \" \\ '",
            {"x": 0.1},
        ),
        Row(uuid4(), datetime(2026, 1, 1, tzinfo=UTC), b"", None, {}),
    ]
    async with bulk_connection(engine) as connection:
        found = await connection.fetch(
            """
            SELECT id, at, decode(sealed, 'base64'), note, CAST(detail AS text)
            FROM json_to_recordset(CAST($1 AS json))
              AS t (id uuid, at timestamptz, sealed text, note text, detail json)
            """,
            as_rows(sent),
        )
    assert [tuple(row) for row in found] == [
        (sent[0].id, sent[0].at, sent[0].sealed, sent[0].note, '{"x":0.1}'),
        (sent[1].id, sent[1].at, sent[1].sealed, None, "{}"),
    ]
