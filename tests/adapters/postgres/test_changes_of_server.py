"""Work continues after any change of the PostgreSQL server; no cached state outlives it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine, doubt
from adapters.postgres.schema import examine_database, migrate
from adapters.postgres.sqlstate import DatabaseAway
from adapters.sealing.envelope import KeyRing
from adapters.store.statements.bulk import bulk_connection
from devstack.waiting import until
from tests.support.servers.databases import fresh_database
from tests.support.storage.stores import LEASE, NOW, Store, callback, payload, whole_way

STATE = text("SHOW transaction_read_only")
POLICY = "INSERT INTO policies (content_hash, name, version, content) VALUES ('{}', 'n', '1', '')"


async def write(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(POLICY.format(uuid4())))


async def write_in_bulk(engine: AsyncEngine) -> None:
    async with bulk_connection(engine) as connection:
        await connection.execute(POLICY.format(uuid4()))


@asynccontextmanager
async def connected_while_read_only(
    engine: AsyncEngine, url: str, *, second_best_for: timedelta = timedelta(minutes=1)
) -> AsyncIterator[AsyncEngine]:
    """An engine whose two connections were made while the database was read-only; now it is not."""
    late = create_engine(url, pool_size=2, second_best_for=second_best_for)
    async with read_only(engine), late.connect() as one, late.connect() as other:
        for connection in (one, other):
            assert (await connection.execute(STATE)).scalar_one() == "on"
    yield late
    await late.dispose()


@asynccontextmanager
async def read_only(engine: AsyncEngine) -> AsyncIterator[None]:
    """New connections are read-only inside the block."""
    async with engine.connect() as admin:
        name = (await admin.execute(text("SELECT current_database()"))).scalar_one()
        await admin.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        await admin.commit()
        try:
            yield
        finally:
            await admin.execute(text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))
            await admin.commit()


@pytest.mark.parametrize("way", [write, write_in_bulk])
async def test_one_refused_write_gives_up_every_connection(
    engine: AsyncEngine, database_url: str, way: Callable[[AsyncEngine], Awaitable[None]]
) -> None:
    async with connected_while_read_only(engine, database_url) as late:
        with pytest.raises(DatabaseAway):
            await way(late)
        async with late.connect() as one, late.connect() as other:
            for connection in (one, other):
                await connection.execute(text(POLICY.format(uuid4())))
                await connection.commit()


async def test_a_look_at_a_read_only_database_gives_up_the_connections_too(
    engine: AsyncEngine, database_url: str
) -> None:
    async with connected_while_read_only(engine, database_url) as late:
        state = await examine_database(late)
        assert state.problems == ["is read-only: default_transaction_read_only is on"]
        assert (await examine_database(late)).problems == []
        await write(late)


async def test_doubts_during_a_connect_do_not_fail_its_caller(
    database_url: str,
) -> None:
    busy = create_engine(database_url, pool_size=1)
    event.listen(busy.sync_engine, "connect", lambda *_: doubt(busy))
    for _ in range(3):
        async with busy.connect() as connection:
            assert (await connection.execute(STATE)).scalar_one() == "off"
        doubt(busy)
    await busy.dispose()


async def test_readers_leave_a_read_only_server_too(engine: AsyncEngine, database_url: str) -> None:
    soon = timedelta(seconds=0.5)
    async with connected_while_read_only(engine, database_url, second_best_for=soon) as late:

        async def takes_writes() -> bool:
            async with late.connect() as connection:
                return bool((await connection.execute(STATE)).scalar_one() == "off")

        await until(takes_writes)


async def test_an_idle_worker_finds_what_is_due_after_a_read_only_moment(
    engine: AsyncEngine, database_url: str, store: Store
) -> None:
    await store.record(callback())
    async with connected_while_read_only(engine, database_url) as late:
        idle = Store(late, store.keys)
        with pytest.raises(DatabaseAway):
            await idle.due.claim({"demo": 9}, now=NOW + LEASE, lease=LEASE)
        assert len((await idle.due.claim({"demo": 9}, now=NOW + LEASE, lease=LEASE)).opened) == 1


async def test_a_group_is_recorded_at_once_after_a_migration_changed_a_column(store: Store) -> None:
    await store.record(callback(payload(1)))
    await alter(store.engine, "varchar(200)")
    try:
        assert (await store.record(callback(payload(2)))).is_new
        assert (await store.find(2)) is not None
    finally:
        await alter(store.engine, "text")


async def alter(engine: AsyncEngine, column_type: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(f"ALTER TABLE verifications ALTER COLUMN biz_no TYPE {column_type}"))


async def test_policies_are_kept_again_in_an_older_database(store: Store) -> None:
    assert await store.decide(await store.record(callback(payload(1))))
    async with store.engine.begin() as connection:
        await connection.execute(
            text("TRUNCATE policies, verifications, callbacks, pulls, timeline, decisions CASCADE")
        )
    recorded = [await store.record(callback(payload(n))) for n in (2, 3)]
    assert await asyncio.gather(*map(store.decide, recorded)) == [True, True]


async def test_a_dump_that_is_put_back_under_a_running_gateway_costs_at_most_one_attempt(
    engine: AsyncEngine, database_url: str, keys: KeyRing
) -> None:
    async with fresh_database(engine, database_url) as url:
        await migrate(url)
        running = create_engine(url)
        store = Store(running, keys)
        for n in (1, 2):
            await whole_way(store, n)
        async with running.begin() as connection:
            await connection.execute(text("DROP SCHEMA public CASCADE"))
            await connection.execute(text("CREATE SCHEMA public"))
        await migrate(url)
        with contextlib.suppress(DatabaseAway):
            await whole_way(store, 3)
        await whole_way(store, 4)
        found = await store.due.claim({"demo": 10}, now=NOW + LEASE, lease=LEASE)
        assert found.opened == []
        await running.dispose()
