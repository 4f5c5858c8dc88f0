"""Databases of a test's own, beside the one that all tests share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.engine import create_engine
from adapters.postgres.revisions import alembic_config
from adapters.postgres.schema import migrate

MIGRATED: Final = "faceid_gateway_migrated"
"""A migrated database of the tests' servers. It is copied, since the migrations take seconds."""


def url_of(url: str, database: str) -> str:
    """The URL of another database on the same server."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


async def make_migrated_database(url: str) -> None:
    """Make `MIGRATED` on the server of `url`, again if there is one."""
    async with _as_admin(create_engine(url)) as run:
        await run(f"DROP DATABASE IF EXISTS {MIGRATED} WITH (FORCE)")
        await run(f"CREATE DATABASE {MIGRATED}")
    await migrate(url_of(url, MIGRATED))


async def copy_migrated_database(url: str, name: str) -> str:
    """The URL of a copy of `MIGRATED`, again if there is one."""
    async with _as_admin(create_engine(url)) as run:
        await run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await run(f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")
    return url_of(url, name)


def fresh_database(
    engine: AsyncEngine, url: str, *, encoding: str = "UTF8"
) -> AbstractAsyncContextManager[str]:
    """The URL of an empty database on the server of `url`, dropped behind the block."""
    return _made(engine, url, f"ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")


def migrated_database(engine: AsyncEngine, url: str) -> AbstractAsyncContextManager[str]:
    """The URL of a migrated database on the server of `url`, dropped behind the block."""
    return _made(engine, url, f"TEMPLATE {MIGRATED}")


@asynccontextmanager
async def _made(engine: AsyncEngine, url: str, options: str) -> AsyncIterator[str]:
    name = f"fresh_{uuid4().hex}"
    admin = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} {options}"))
        try:
            yield url_of(url, name)
        finally:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@asynccontextmanager
async def _as_admin(engine: AsyncEngine) -> AsyncIterator[Callable[[str], Awaitable[object]]]:
    """Runs statements that no transaction may contain."""
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield lambda statement: connection.execute(text(statement))
    await engine.dispose()


async def bring_to(
    engine: AsyncEngine, revision: str, *, way: Callable[[Config, str], None] = command.upgrade
) -> None:
    """Bring the schema of a database to a revision."""

    def upgrade(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        way(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
