"""PostgreSQL: engine, URL spelling, migrations."""

from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.errors import SettingsError

DATABASE_AWAY: Final = (DBAPIError, OSError, TimeoutError)
"""What any call may raise while PostgreSQL is away."""

_DRIVER: Final = "postgresql+asyncpg"


def create_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine on asyncpg. Parameters stay out of its errors: they are identities."""
    connect_args: dict[str, Any] = {"timeout": 5, "command_timeout": 30}
    return create_async_engine(
        database_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args=connect_args,
    )


def database_url(url: str) -> URL:
    """`postgres://…` in any usual spelling, with our driver.

    Raises:
        SettingsError: not a PostgreSQL URL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError("FACEID_DATABASE_URL: not a URL") from None
    if parsed.drivername not in {"postgres", "postgresql", _DRIVER}:
        raise SettingsError("FACEID_DATABASE_URL: must begin with postgresql://")
    return parsed.set(drivername=_DRIVER)


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
