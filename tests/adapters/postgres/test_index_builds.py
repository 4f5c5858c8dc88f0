"""Indexes are built while others write, and an interrupted build is done again."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres import migrations
from adapters.postgres.engine import create_engine
from adapters.postgres.revisions import newest_revision
from adapters.postgres.schema import migrate
from adapters.store.lookups.lists import find_ids
from adapters.store.schedule.leftovers import PgLeftovers
from devstack.waiting import until
from domain.views.verifications import Filters
from tests.support.servers.databases import bring_to, fresh_database

INDEX = "verifications_listed"


@pytest.fixture
async def older_url(engine: AsyncEngine, database_url: str) -> AsyncIterator[str]:
    """A database before the revision that builds `INDEX`."""
    async with fresh_database(engine, database_url) as url:
        older = create_engine(url)
        await bring_to(older, "0011a")
        async with older.begin() as connection:
            await connection.execute(text("INSERT INTO policies VALUES ('h', 'default', '1', '')"))
        await older.dispose()
        yield url


@pytest.fixture
async def older(older_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(older_url)
    yield engine
    await engine.dispose()


async def is_valid(engine: AsyncEngine) -> bool | None:
    async with engine.connect() as connection:
        found = await connection.scalar(text(f"SELECT indisvalid FROM pg_index WHERE {IS_IT}"))
        return None if found is None else bool(found)


async def test_others_write_while_an_index_waits_for_a_transaction(
    older: AsyncEngine, older_url: str
) -> None:
    async def is_building() -> bool:
        return await is_valid(older) is False

    async with older.connect() as writer:
        await writer.execute(text(DECIDE), {"biz_id": "long"})
        migrating = asyncio.create_task(migrate(older_url, say=lambda _: None))
        await until(is_building)
        async with older.begin() as other:
            await other.execute(text(DECIDE), {"biz_id": "short"})
        assert not migrating.done()
        await writer.commit()
    assert await migrating == newest_revision()
    assert await is_valid(older)


async def test_what_an_interrupted_build_left_is_built_again(older: AsyncEngine, older_url: str) -> None:
    async with older.begin() as connection:
        await connection.execute(text(f"CREATE INDEX {INDEX} ON verifications (app_id)"))
        await connection.execute(text(f"UPDATE pg_index SET indisvalid = false WHERE {IS_IT}"))
    await migrate(older_url)
    assert await is_valid(older)
    async with older.connect() as connection:
        built = await connection.scalar(text(f"SELECT pg_get_indexdef(CAST('{INDEX}' AS regclass))"))
    assert "COALESCE(listed_as, state)" in str(built)


async def test_what_is_decided_before_and_after_the_fill_is_listed(
    older: AsyncEngine, older_url: str
) -> None:
    rejected = Filters(app_ids=["demo"], outcome="rejected")
    for biz_id in ("before", "after"):
        async with older.begin() as connection:
            await connection.execute(text(DECIDE), {"biz_id": biz_id})
        await migrate(older_url)
    assert len(await find_ids(older, rejected, limit=9)) == 2
    assert await PgLeftovers(older).list_decided(["demo"], limit=9) == 1


def test_no_revision_blocks_writers_with_an_index() -> None:
    """Those up to 0010 did. Nobody writes to a table that the same revision creates."""
    folder = Path(next(iter(migrations.__path__))) / "versions"
    newer = [path for path in folder.glob("0*.py") if path.name > "0010_z"]
    assert newer
    for path in newer:
        revision = path.read_text()
        created = re.findall(r"(?:op\.create_table\(\s*\"|CREATE TABLE )(\w+)", revision)
        indexed = re.findall(r"op\.create_index\(\s*\"\w+\", \"(\w+)\"", revision)
        if re.search(r"CREATE (UNIQUE )?INDEX", revision):
            indexed += re.findall(r" ON (\w+) \(", revision) or ["a table of another name"]
        assert set(indexed) <= set(created), path.name


IS_IT = f"indexrelid = to_regclass('{INDEX}')"

DECIDE = """
WITH decided AS (
  INSERT INTO verifications (id, app_id, biz_id, state) VALUES (gen_random_uuid(), 'demo', :biz_id, 'decided')
  RETURNING id
)
INSERT INTO decisions (verification_id, app_id, outcome, basis, reasons, rules, disagreements, policy_hash,
                       mode, callback_facts, decided_at)
SELECT id, 'demo', 'rejected', 'callback', '[]', '[]', '[]', 'h', 'required', '{}', now() FROM decided
"""
"""As the version of revision 0010 does."""
