"""The schema's revision: what the database has, what the code needs, and the way there (Alembic)."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine


async def migrate(engine: AsyncEngine) -> str:
    """Bring the schema to the newest revision and return it. Safe to run from several processes at once."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)
    return newest_revision()


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision that the database has, or None before the first migration."""
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def newest_revision() -> str:
    """The revision that this code was written for."""
    head = ScriptDirectory.from_config(_alembic_config()).get_current_head()
    assert head is not None  # noqa: S101 - the package ships migrations
    return head


def _upgrade(connection: Connection) -> None:
    config = _alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", "adapters:migrations")
    config.set_main_option("path_separator", "os")
    return config
