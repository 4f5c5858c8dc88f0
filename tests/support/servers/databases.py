"""Databases of a test's own, beside the one that all tests share."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.revisions import alembic_config


@asynccontextmanager
async def fresh_database(engine: AsyncEngine, url: str, *, encoding: str = "UTF8") -> AsyncIterator[str]:
    """The URL of an empty database on the server of `url`, dropped behind the block."""
    name = f"fresh_{uuid4().hex}"
    admin = engine.execution_options(isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        as_c = "TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        await connection.execute(text(f"CREATE DATABASE {name} ENCODING '{encoding}' {as_c}"))
        try:
            yield make_url(url).set(database=name).render_as_string(hide_password=False)
        finally:
            await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


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
