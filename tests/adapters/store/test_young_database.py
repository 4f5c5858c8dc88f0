"""In a database without statistics no statement reads more than the rows that it is about."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from adapters.store.recording.owners import BizOwners
from adapters.store.tables.schema import metadata
from domain.model import Outcome
from domain.pulls.accounts import shared_accounts
from tests.support.servers.databases import migrated_database
from tests.support.servers.statistics import left_alone
from tests.support.storage.stores import LEASE, NOW, Store, callback, finished, payload
from tests.support.workers.jobs import app

MOST = 6
"""Rows for one step of one verification, on average; it needs three."""

ROUNDS = 300
"""Plans are kept from the sixth execution on. A statement that reads all rows reads 150 on average."""


class Reads(NamedTuple):
    """The rows that were read since the database was made: by scans of whole tables, and by indexes."""

    scanned: int
    fetched: int


@pytest.fixture
async def young_url(engine: AsyncEngine, database_url: str) -> AsyncIterator[str]:
    """A migrated database whose tables are never analyzed."""
    async with migrated_database(engine, database_url) as url:
        young = create_engine(url)
        async with young.begin() as connection:
            for table in metadata.sorted_tables:
                await connection.execute(text(f"ALTER TABLE {table.name} SET (autovacuum_enabled = off)"))
        await young.dispose()
        yield url


async def one_way(store: Store, n: int) -> int:
    """Every statement that a verification meets, each in a group of one; the number of these steps."""
    await store.register(n)
    recorded = await store.record(callback(payload(n)))
    await store.record(callback(payload(n) | {"later": True}))
    await store.ledger.of(recorded.verification_id)
    await store.reserve(recorded, 1)
    await store.ledger.finish(finished(recorded, 1, body=b"{}"))
    assert await store.ledger.answer_of(recorded.lease) == b"{}"
    await store.velocity.count(recorded.lease, f"P{n}", at=NOW)
    await store.decide(recorded, outcome=[*Outcome][n % len(Outcome)])
    await store.conclude(n)
    await store.find(n)
    await store.lookups.states((recorded.verification_id,))
    await store.events(recorded.verification_id)
    other = await store.record(callback(payload(ROUNDS + n, status="PROCESSING")))
    await store.due.postpone(other.lease, until=NOW)
    [due] = (await store.due.claim({"demo": 1}, now=NOW, lease=LEASE, silent=True)).opened
    await store.due.expire(due.lease)
    return 16


async def test_no_statement_reads_the_whole_table(engine: AsyncEngine, young_url: str, keys: KeyRing) -> None:
    young = create_engine(young_url)
    owners = BizOwners(shared_accounts({app_id: app(app_id=app_id) for app_id in ("demo", "lax")}))
    store = Store(young, keys, owners=owners)
    steps = sum([await one_way(store, n) for n in range(ROUNDS)])
    await young.dispose()
    reads = await read_in(engine, young_url)
    assert reads.scanned == 0
    assert reads.fetched / steps < MOST


async def read_in(engine: AsyncEngine, url: str) -> Reads:
    """The counters of a database."""
    await left_alone(engine, url)
    looking = create_engine(url)
    async with looking.connect() as connection:
        found = Reads(*(await connection.execute(text(READS))).one())
    await looking.dispose()
    return found


READS = """
SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname <> 'alembic_version'),
       (SELECT sum(idx_tup_fetch) FROM pg_stat_user_tables)
"""
