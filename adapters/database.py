"""PostgreSQL: the engine and the spelling of its URL."""

from typing import Any, Final

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
