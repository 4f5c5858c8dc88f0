"""The application's role adds to the audit and closes blocks, and can neither change nor delete anything."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.sqlstate import DatabaseAway
from adapters.store.audit.export import PgAuditExport
from adapters.store.audit.log import PgAuditLog
from adapters.store.audit.timestamps import PgTimestamps
from domain.views.audit import AuditFilter
from tests.support.storage.audits import close_all, exported, write_rows

ROLE = "faceid_audit_test"
TABLES = ("audit", "audit_blocks", "audit_leaves", "audit_timestamps")
GRANTS = Path(__file__).parents[4] / "deploy" / "roles-audit.sql"


@pytest.fixture
async def app(engine: AsyncEngine, database_url: str) -> AsyncIterator[AsyncEngine]:
    """The database as a second role, which has the rights of deploy/roles-audit.sql."""
    grants = [line for line in GRANTS.read_text().splitlines() if line and not line.startswith("--")]
    async with engine.begin() as connection:
        await connection.execute(text(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'x'"))
        for statement in grants:
            await connection.execute(text(statement.replace(':"role"', ROLE)))
    url = urlsplit(database_url)
    host = url.netloc.rpartition("@")[2]
    second = create_engine(url._replace(netloc=f"{ROLE}:x@{host}").geturl())
    yield second
    await second.dispose()
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP OWNED BY {ROLE}"))
        await connection.execute(text(f"DROP ROLE {ROLE}"))


async def test_it_does_what_the_gateway_needs(app: AsyncEngine) -> None:
    async with app.connect() as connection:
        assert await connection.scalar(text("SELECT current_user")) == ROLE
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


async def test_it_cannot_purge(app: AsyncEngine) -> None:
    await write_rows(app, 2)
    await close_all(app)
    with pytest.raises(DatabaseAway, match="InsufficientPrivilegeError"):
        await PgAuditExport(app).purge(before=datetime.now(UTC), limit=9)
