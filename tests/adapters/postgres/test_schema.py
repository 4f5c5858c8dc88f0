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

from adapters.postgres.engine import create_engine
from adapters.postgres.lock_watch import LockWatch
from adapters.postgres.migrating import Migration
from adapters.postgres.revisions import newest_revision
from adapters.postgres.schema import examine_database, migrate
from adapters.postgres.sqlstate import DatabaseAway
from adapters.store.tables.schema import metadata
from devstack.waiting import until
from domain.errors import SettingsError
from tests.support.servers.databases import bring_to, fresh_database

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


@pytest.fixture
async def plain_role(engine: AsyncEngine) -> AsyncIterator[str]:
    """A role without privileges on other roles' sessions."""
    async with engine.begin() as connection:
        await connection.execute(text("CREATE ROLE faceid_plain"))
    yield "faceid_plain"
    async with engine.begin() as connection:
        await connection.execute(text("DROP ROLE faceid_plain"))


async def test_migrations_build_the_tables_of_the_code(empty: AsyncEngine, empty_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    await migrate(empty_url)
    async with empty.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_migrating_twice_changes_nothing(engine: AsyncEngine, database_url: str) -> None:
    assert await migrate(database_url) == newest_revision()
    assert (await examine_database(engine)).revision == newest_revision()


async def test_several_migrations_at_once_wait_for_each_other(empty: AsyncEngine, empty_url: str) -> None:
    await asyncio.gather(*(migrate(empty_url) for _ in range(3)))
    assert (await examine_database(empty)).revision == newest_revision()


async def test_a_database_of_a_newer_version_is_named(empty: AsyncEngine, empty_url: str) -> None:
    await migrate(empty_url)
    async with empty.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="at revision 9999, which a newer version has made"):
        await migrate(empty_url)


async def lock(connection: AsyncConnection, table: str) -> str:
    """Lock a table as pg_dump does; yields the message about the holder."""
    await connection.execute(text("SET application_name = 'nightly dump'"))
    await connection.execute(text(f"LOCK TABLE {table} IN ACCESS SHARE MODE"))
    pid, role = (await connection.execute(text("SELECT pg_backend_pid(), current_user"))).one()
    return f"process {pid} ('nightly dump', role {role!r}"


async def test_a_lock_is_waited_for_and_its_holder_named(empty: AsyncEngine, empty_url: str) -> None:
    await bring_to(empty, "0003")
    messages: list[str] = []
    async with empty.connect() as dump:
        holder = await lock(dump, "dead_letters")
        migrating = asyncio.create_task(migrate(empty_url, say=messages.append))
        await until(lambda: is_true(bool(messages)))
        longest = await longest_read(empty, "dead_letters", seconds=TRY_TIMES)
        assert not migrating.done()
    assert await migrating == newest_revision()
    assert longest < TRY_TIMES
    assert messages[0].startswith(f"waits for a lock of {holder}, idle in transaction, transaction for ")
    assert "ACCESS SHARE" not in " ".join(messages)


async def test_of_another_roles_session_its_process_and_application_are_named(
    plain_role: str, empty: AsyncEngine, empty_url: str
) -> None:
    await bring_to(empty, "0003")
    async with empty.begin() as connection:
        await connection.execute(text(f"GRANT ALL ON dead_letters TO {plain_role}"))
    messages: list[str] = []
    plain = create_engine(f"{empty_url}{'&' if '?' in empty_url else '?'}options=-c%20role%3D{plain_role}")
    async with empty.connect() as dump:
        holder = await lock(dump, "dead_letters")
        async with plain.connect() as waiting:
            pid = (await waiting.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            async with LockWatch(plain, messages.append).over(pid):
                with pytest.raises(DatabaseAway):
                    await waiting.execute(text("LOCK TABLE dead_letters IN ACCESS EXCLUSIVE MODE"))
    await plain.dispose()
    assert messages == [f"waits for a lock of {holder})"]


async def is_true(value: bool) -> bool:
    return value


async def longest_read(engine: AsyncEngine, table: str, *, seconds: float) -> float:
    """The longest wait of a reader that reads repeatedly for this long."""
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
    assert (await examine_database(empty)).revision == "0003"


async def test_decisions_of_the_older_version_are_kept_while_it_runs(
    empty: AsyncEngine, empty_url: str
) -> None:
    await bring_to(empty, "0001")
    await decide_as_the_first_version(empty, 5000)
    deciding = asyncio.create_task(decide_until_it_cannot(empty))
    await migrate(empty_url)
    later = await deciding
    async with empty.connect() as connection:
        found = (
            await connection.execute(text("SELECT count(*), min(app_id), max(policy_hash) FROM decisions"))
        ).one()
        facts = text("SELECT CAST(callback_facts AS text), result_facts, mode FROM decisions LIMIT 1")
        kept = (await connection.execute(facts)).one()
    assert tuple(found) == (5000 + later, "demo", "built-in default 1")
    assert tuple(kept) == ('{"a": 1.0}', None, "required")
    assert later > 0


async def decide_as_the_first_version(engine: AsyncEngine, count: int) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(FIRST_VERSION), {"count": count})


async def decide_until_it_cannot(engine: AsyncEngine) -> int:
    """How many decisions the first version could save until its columns were gone."""
    saved = 0
    while True:
        try:
            await decide_as_the_first_version(engine, 1)
        except DatabaseAway as error:
            if error.sqlstate == UNDEFINED_COLUMN:
                return saved
        else:
            saved += 1


async def test_claims_from_before_they_had_a_time_stay_and_go_on(empty: AsyncEngine, empty_url: str) -> None:
    await bring_to(empty, "0007")
    async with empty.connect() as dump:
        await dump.execute(text(CLAIM_OF_REVISION_0005), {"biz_id": "before"})
        await dump.commit()
        await migrate(empty_url)
        await dump.execute(text(CLAIM_OF_REVISION_0005), {"biz_id": "before"})
        await dump.execute(text(CLAIM_OF_REVISION_0005), {"biz_id": "behind"})
        fresh = text("SELECT count(*) FROM biz_owners WHERE claimed_at > now() - interval '1 hour'")
        assert (await dump.execute(fresh)).scalar_one() == 2


async def test_every_revision_can_be_taken_back(empty: AsyncEngine, empty_url: str) -> None:
    await migrate(empty_url)
    await bring_to(empty, "base", way=command.downgrade)
    assert await migrate(empty_url) == newest_revision()


UNDEFINED_COLUMN = "42703"

CLAIM_OF_REVISION_0005 = """
INSERT INTO biz_owners AS o (account, biz_id, app_id) VALUES ('account-1', :biz_id, 'demo')
ON CONFLICT (account, biz_id) DO UPDATE SET app_id = o.app_id
"""

FIRST_VERSION = """
WITH decided AS (
  INSERT INTO verifications (id, app_id, biz_id, state)
  SELECT id, 'demo', CAST(id AS text), 'decided'
  FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, CAST(:count AS integer))) AS ids
  RETURNING id
)
INSERT INTO decisions (verification_id, outcome, basis, reasons, policy_name, policy_version, callback_facts,
                       decided_at)
SELECT id, 'approved', 'callback', '[]', 'default', '1', '{"a": 1.0}', now() FROM decided
"""
