"""The worker's role adds to the audit and closes blocks, and can neither change nor delete anything."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.store.audit.export import PgAuditExport
from adapters.store.audit.log import PgAuditLog
from adapters.store.audit.timestamps import PgTimestamps
from adapters.store.identity.retention import PgRetention
from domain.identity.retention import EVERY_APP, Kind
from domain.views.audit import AuditFilter
from tests.support.servers.private import migrated_postgres
from tests.support.servers.users import apply_roles, database_as
from tests.support.storage.audit.audits import close_all, exported, write_rows

TABLES = ("audit", "audit_blocks", "audit_leaves", "audit_timestamps")


@pytest.fixture
async def owner_url() -> AsyncIterator[str]:
    """A server of the test's own, since roles belong to a server, with the roles of deploy/roles.sql."""
    async with migrated_postgres() as postgres:
        await apply_roles(postgres.url)
        yield postgres.url


@pytest.fixture
async def engine(owner_url: str) -> AsyncIterator[AsyncEngine]:
    """The database as its owner."""
    engine = create_engine(owner_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def app(owner_url: str) -> AsyncIterator[AsyncEngine]:
    """The database as the worker."""
    app = create_engine(database_as("worker", owner_url))
    yield app
    await app.dispose()


async def test_it_does_what_the_gateway_needs(app: AsyncEngine) -> None:
    async with app.connect() as connection:
        assert await connection.scalar(text("SELECT current_user")) == "faceid_worker"
    await write_rows(app, 5)
    assert [height for height, _ in await close_all(app, limit=3)] == [1, 2]
    await PgTimestamps(app).keep(2, b"token")
    assert len((await PgAuditLog(app).page(AuditFilter(), limit=9)).items) == 5
    assert len(await exported(app)) == 8


@pytest.mark.parametrize("table", TABLES)
async def test_it_can_change_and_delete_nothing(engine: AsyncEngine, app: AsyncEngine, table: str) -> None:
    await write_rows(engine, 5)
    await close_all(engine)
    await PgTimestamps(engine).keep(1, b"token")
    column = "actor" if table == "audit" else "height"
    before = await exported(engine)
    for attempt in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"ALTER TABLE {table} ADD COLUMN more text",
        f"DROP TABLE {table}",
        f"CREATE TRIGGER t BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ):
        with pytest.raises(DatabaseAway, match="InsufficientPrivilegeError"):
            async with app.begin() as connection:
                await connection.execute(text(attempt))
    assert await exported(engine) == before


async def test_it_cannot_purge_what_is_young(engine: AsyncEngine, app: AsyncEngine) -> None:
    await write_rows(app, 2)
    await close_all(app)
    with pytest.raises(DatabaseAway, match="InsufficientPrivilegeError"):
        await PgAuditExport(app).purge(before=datetime.now(UTC), limit=9)
    in_time = {"before": datetime.now(UTC), "now": datetime.now(UTC)}
    assert await PgRetention(app).step(EVERY_APP, Kind.AUDIT, **in_time, limit=9) == 0
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE audit SET at = now() - interval '181 days' WHERE id = 1"))
    assert await PgRetention(app).step(EVERY_APP, Kind.AUDIT, **in_time, limit=9) == 1
