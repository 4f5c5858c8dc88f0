"""Everything works behind a transaction pooler, which keeps no session between two transactions."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.connections import LOCK_TIMEOUT
from adapters.postgres.engine import create_engine
from adapters.postgres.revisions import newest_revision
from adapters.postgres.schema import examine_database, migrate
from adapters.sealing.envelope import KeyRing
from adapters.store.statements.bulk import bulk_connection
from tests.adapters.postgres.test_locked_rows import ends, locked
from tests.support.servers.databases import fresh_database
from tests.support.servers.pgbouncer import BINARY, pgbouncer
from tests.support.storage.stores import Store, callback, payload, whole_way

pytestmark = pytest.mark.skipif(BINARY is None, reason="needs PgBouncer: apt-get install pgbouncer")


@pytest.fixture
async def pooled_url(engine: AsyncEngine, database_url: str) -> AsyncIterator[str]:
    async with pgbouncer(database_url) as url:
        yield url


@pytest.fixture
async def pooled(pooled_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(pooled_url)
    yield engine
    await engine.dispose()


async def test_many_at_once_come_through(pooled: AsyncEngine, keys: KeyRing) -> None:
    stores = [Store(pooled, keys) for _ in range(3)]
    await asyncio.gather(*(whole_way(stores[n % 3], n) for n in range(1, 61)))


async def test_nothing_is_left_prepared_for_the_next_session(
    engine: AsyncEngine, pooled: AsyncEngine, keys: KeyRing
) -> None:
    await whole_way(Store(pooled, keys), 1)
    async with pooled.connect() as connection:
        prepared = text("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")
        assert (await connection.execute(prepared)).scalar_one() == 0


async def test_it_is_migrated_and_found_fit(engine: AsyncEngine, database_url: str) -> None:
    async with fresh_database(engine, database_url) as url, pgbouncer(url) as pooled_url:
        assert await migrate(pooled_url) == newest_revision()
        pooled = create_engine(pooled_url)
        assert (await examine_database(pooled)).problems == []
        await pooled.dispose()


async def test_a_locked_row_holds_up_no_other(store: Store, pooled: AsyncEngine, keys: KeyRing) -> None:
    behind = Store(pooled, keys)
    recorded = [await behind.record(callback(payload(n))) for n in (1, 2, 3)]
    async with locked(store):
        found = await ends([behind.decide(each) for each in recorded])
    assert [end is True for end in found] == [True, False, True]


async def test_a_limit_set_for_one_transaction_ends_with_it(pooled: AsyncEngine) -> None:
    async with bulk_connection(pooled) as connection:
        limit = await connection.fetchval("SHOW lock_timeout")
    assert limit == f"{LOCK_TIMEOUT.total_seconds() * 1000:.0f}ms"
    async with pooled.connect() as connection:
        assert (await connection.execute(text("SHOW lock_timeout"))).scalar_one() == "0"


async def test_a_direct_connection_after_a_pooled_one_prepares_again(
    engine: AsyncEngine, pooled: AsyncEngine
) -> None:
    async with engine.connect() as direct, pooled.connect() as behind:
        assert (await direct.get_raw_connection()).info["prepares"]
        assert not (await behind.get_raw_connection()).info["prepares"]
