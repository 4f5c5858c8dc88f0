"""Errors without parameters, which are identities; connections that are used no more."""

import os
import signal
import time
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from domain.errors import RefusedValue


def test_the_engine_itself_holds_no_password() -> None:
    engine = create_engine("postgresql://u:hunter2@db/x")
    assert "hunter2" not in f"{engine!r} {engine.url.render_as_string(hide_password=False)}"


async def test_no_parameter_is_in_an_error(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        with pytest.raises(RefusedValue) as caught:
            await connection.execute(text("SELECT CAST(CAST(:name AS text) AS integer)"), {"name": "canary"})
    assert str(caught.value) == "SQLSTATE 22P02"


async def test_a_server_that_is_away_is_one_of_the_named_errors(free_port: int) -> None:
    engine = create_engine(f"postgresql://u:p@127.0.0.1:{free_port}/x")
    with pytest.raises(DatabaseAway):
        async with engine.connect():
            pass
    await engine.dispose()


async def fail_with(engine: AsyncEngine, sqlstate: str) -> None:
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"DO $$ BEGIN RAISE USING ERRCODE = '{sqlstate}'; END $$")


@pytest.mark.parametrize(
    "sqlstate",
    [
        *("08006", "0A000", "25006", "25P02", "26000", "34000", "40001", "40P01", "53100", "53200", "53300"),
        *("55000", "55P03", "57014", "57P01", "57P03", "58030", "72000", "F0000", "P0001", "XX000", "XX001"),
    ],
)
async def test_temporary_errors_count_as_away(engine: AsyncEngine, sqlstate: str) -> None:
    with pytest.raises(DatabaseAway):
        await fail_with(engine, sqlstate)


@pytest.mark.parametrize(
    ("sqlstate", "error"),
    [
        *(("22021", RefusedValue), ("22P05", RefusedValue)),
        *(("23505", DBAPIError), ("23514", DBAPIError), ("54000", DBAPIError)),
    ],
)
async def test_a_value_is_at_fault_otherwise(
    engine: AsyncEngine, sqlstate: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await fail_with(engine, sqlstate)


@pytest.mark.parametrize("sqlstate", ["28000", "28P01", "3D000", "42501", "42P01", "42703"])
async def test_no_callback_is_at_fault_for_a_database_that_is_set_up_wrongly(
    engine: AsyncEngine, sqlstate: str
) -> None:
    with pytest.raises(DatabaseAway):
        await fail_with(engine, sqlstate)


async def test_a_connection_that_died_while_it_rested_is_replaced(
    engine: AsyncEngine, database_url: str
) -> None:
    rested = create_engine(database_url, pool_size=1, rested=timedelta(0))
    async with rested.connect() as connection:
        before = (await connection.execute(BACKEND)).scalar_one()
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": before})
    async with rested.connect() as connection:
        assert (await connection.execute(BACKEND)).scalar_one() != before
    await rested.dispose()


async def test_a_connection_that_died_just_now_fails_its_user(engine: AsyncEngine, database_url: str) -> None:
    busy = create_engine(database_url, pool_size=1, rested=timedelta(minutes=1))
    async with busy.connect() as connection:
        pid = (await connection.execute(BACKEND)).scalar_one()
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    with pytest.raises(DatabaseAway):
        async with busy.connect() as connection:
            await connection.execute(BACKEND)
    async with busy.connect() as connection:
        await connection.execute(BACKEND)
    await busy.dispose()


async def test_a_connection_with_a_timed_out_statement_is_not_reused(database_url: str) -> None:
    engine = create_engine(database_url, pool_size=1, statement_timeout=timedelta(seconds=0.2))
    async with engine.connect() as connection:
        before = (await connection.execute(BACKEND)).scalar_one()
    with pytest.raises(DatabaseAway):
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_sleep(30)"))
    async with engine.connect() as connection:
        assert (await connection.execute(BACKEND)).scalar_one() != before
    await engine.dispose()


BACKEND = text("SELECT pg_backend_pid()")


async def test_closing_waits_for_no_server_that_hangs(database_url: str) -> None:
    engine = create_engine(database_url)
    async with engine.connect() as one, engine.connect() as other:
        ask = text("SELECT pg_backend_pid()")
        pids = [(await each.execute(ask)).scalar_one() for each in (one, other)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        await engine.dispose()
        assert time.monotonic() - began < 5
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
