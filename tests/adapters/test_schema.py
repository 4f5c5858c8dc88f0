"""The migrations build the schema that the code is written against, on a database that is in use."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.database import DatabaseAway, create_engine
from adapters.migrating import Migration
from adapters.revisions import alembic_config, newest_revision
from adapters.schema import current_revision, migrate
from adapters.store.tables import metadata
from domain.errors import SettingsError
from tests.adapters.builders import until
from tests.databases import fresh_database

TRY_TIMES = 2.5
"""Longer than a migration waits for a lock at one go, in seconds."""


@pytest.fixture
async def empty_url(engine: AsyncEngine, database_url: str) -> AsyncIterator[str]:
    """The URL of a database without any table."""
    async with fresh_database(engine, database_url) as url:
        yield url


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(empty_url)
    yield engine
    await engine.dispose()


async def bring_to(engine: AsyncEngine, revision: str) -> None:
    def upgrade(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(upgrade)


async def test_migrations_build_the_tables_of_the_code(empty: AsyncEngine, empty_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    await migrate(empty_url)
    async with empty.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_twice_changes_nothing(engine: AsyncEngine, database_url: str) -> None:
    assert await migrate(database_url) == newest_revision()
    assert await current_revision(engine) == newest_revision()


async def test_several_migrations_at_once_wait_for_each_other(empty: AsyncEngine, empty_url: str) -> None:
    await asyncio.gather(*(migrate(empty_url) for _ in range(3)))
    assert await current_revision(empty) == newest_revision()


async def test_a_database_of_a_newer_version_is_named(empty: AsyncEngine, empty_url: str) -> None:
    await migrate(empty_url)
    async with empty.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="at revision 9999, which a newer version has made"):
        await migrate(empty_url)


async def lock(connection: AsyncConnection, table: str) -> int:
    """Do as pg_dump does; the process that holds the lock."""
    await connection.execute(text("SET application_name = 'nightly dump'"))
    await connection.execute(text(f"LOCK TABLE {table} IN ACCESS SHARE MODE"))
    return int((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())


async def test_a_lock_is_waited_for_and_its_holder_named(empty: AsyncEngine, empty_url: str) -> None:
    await bring_to(empty, "0003")
    said: list[str] = []
    async with empty.connect() as dump:
        holder = await lock(dump, "dead_letters")
        migrating = asyncio.create_task(migrate(empty_url, say=said.append))
        await until(lambda: is_true(bool(said)))
        longest = await longest_read(empty, "dead_letters", seconds=TRY_TIMES)
        assert not migrating.done()
    assert await migrating == newest_revision()
    assert longest < TRY_TIMES
    assert said[0].startswith(f"waits for a lock of process {holder} ('nightly dump', idle in transaction, ")
    assert "ACCESS SHARE" not in " ".join(said)


async def is_true(value: bool) -> bool:
    return value


async def longest_read(engine: AsyncEngine, table: str, *, seconds: float) -> float:
    """The longest time that a reader had to wait, who reads again and again for so long."""
    took, began = 0.0, time.monotonic()
    while time.monotonic() - began < seconds:
        at = time.monotonic()
        async with engine.connect() as connection:
            # Longer than any lock of ours lets somebody wait.
            await connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            await connection.execute(text(f"SELECT count(*) FROM {table}"))
        took = max(took, time.monotonic() - at)
    return took


async def test_limits_of_running_statements_do_not_end_a_migration(
    empty: AsyncEngine, empty_url: str
) -> None:
    await bring_to(empty, "0003")
    async with empty.connect() as dump:
        name = (await dump.execute(text("SELECT current_database()"))).scalar_one()
        await dump.execute(text(f"ALTER DATABASE {name} SET statement_timeout = '1s'"))
        await dump.commit()
        await lock(dump, "dead_letters")
        migrating = asyncio.create_task(migrate(empty_url, say=lambda _: None))
        await asyncio.wait([migrating], timeout=TRY_TIMES)
        assert not migrating.done()
    assert await migrating == newest_revision()


async def test_a_lock_that_is_never_released_ends_the_migration(empty: AsyncEngine) -> None:
    await bring_to(empty, "0003")
    migration = Migration(empty, say=lambda _: None, patience=timedelta(0))
    async with empty.connect() as dump:
        await lock(dump, "dead_letters")
        with pytest.raises(DatabaseAway) as caught:
            await migration.run()
    assert caught.value.sqlstate == "55P03"
    assert await current_revision(empty) == "0003"
