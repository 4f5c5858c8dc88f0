"""Several servers in one URL: writes go to the primary, whichever it is by now."""

import os
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.schema import examine_database, migrate
from adapters.postgres.sqlstate import DatabaseAway
from devstack import servers
from devstack.processes import Process
from devstack.waiting import until
from domain.errors import SettingsError
from tests.support.servers.private import killed_at_the_end, private_postgres

WRITE = text(
    "INSERT INTO policies (content_hash, name, version, content) VALUES (gen_random_uuid(), 'n', '1', '')"
)


class Pair(NamedTuple):
    """A primary and its hot standby."""

    primary: Process
    standby: Process

    def url(self, **parameters: str) -> str:
        """Both servers, the standby first."""
        more = "".join(f"&{name}={value}" for name, value in parameters.items())
        return f"postgresql://postgres@/postgres?host={socket(self.standby)},{socket(self.primary)}{more}"


def socket(server: Process) -> str:
    return parse_qs(urlsplit(server.url).query)["host"][0]


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    async with AsyncExitStack() as stack:
        primary = await stack.enter_async_context(private_postgres())
        await migrate(primary.url)
        standby = await stack.enter_async_context(standby_of(primary))
        yield Pair(primary, standby)


def standby_of(primary: Process) -> AbstractAsyncContextManager[Process]:
    """A hot standby, made as PostgreSQL's manual says (27.2.4)."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-tests-"))
    source = Path(socket(primary))
    owner = source.stat().st_uid if os.getuid() == 0 else None
    if owner is not None:
        os.chown(folder, owner, -1)
    copy = [str(Path(primary.spec.argv[0]).parent / "pg_basebackup"), "-D", str(folder / "postgres")]
    options = ["-R", "-c", "fast", "-h", str(source), "-U", "postgres"]
    subprocess.run([*copy, *options], check=True, user=owner)
    return killed_at_the_end(servers.postgres(folder, env=os.environ), folder)


@pytest.fixture
async def engine(pair: Pair) -> AsyncIterator[AsyncEngine]:
    async with using(pair.url()) as engine:
        yield engine


async def write(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(WRITE)


async def writes(engine: AsyncEngine) -> bool:
    try:
        await write(engine)
    except DatabaseAway:
        return False
    return True


async def test_work_and_lookups_continue_through_a_failover(pair: Pair, engine: AsyncEngine) -> None:
    await write(engine)
    assert (await examine_database(engine)).problems == []

    await pair.primary.kill()
    await until(lambda: is_standby(engine))
    assert (await examine_database(engine)).problems == ["is read-only: the server is a standby"]
    with pytest.raises(DatabaseAway) as caught:
        await write(engine)
    assert caught.value.sqlstate == "25006"

    promoting = await asyncpg.connect(pair.standby.url)
    await promoting.execute("SELECT pg_promote()")
    await promoting.close()
    await until(lambda: writes(engine))
    assert (await examine_database(engine)).problems == []


async def is_standby(engine: AsyncEngine) -> bool:
    try:
        async with engine.connect() as connection:
            return bool((await connection.execute(text("SELECT pg_is_in_recovery()"))).scalar_one())
    except DatabaseAway:
        return False


async def test_a_url_may_require_a_writable_server_or_accept_any(pair: Pair) -> None:
    with pytest.raises(SettingsError, match="the database is read-only: the server is a standby"):
        await migrate(pair.standby.url)
    async with using(pair.url(target_session_attrs="any")) as any_server:
        assert await is_standby(any_server)
    for wanted in ("read-write", "primary"):
        async with using(pair.url(target_session_attrs=wanted)) as strict:
            await write(strict)
    await pair.primary.kill()
    async with using(pair.url(target_session_attrs="primary")) as strict:
        with pytest.raises(DatabaseAway):
            await write(strict)


@asynccontextmanager
async def using(url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(url)
    yield engine
    await engine.dispose()
