"""PostgreSQL: the engine and the spelling of its URL."""

from typing import Any, Final

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.errors import SettingsError


class DatabaseAway(OSError):
    """PostgreSQL is away, starting, stopping, full, or asks for another try: no value is at fault."""


DATABASE_AWAY: Final = (
    OSError,
    TimeoutError,
    PoolTimeout,
    # asyncpg's own, which it raises while connecting, before SQLAlchemy sees them.
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""What any call may raise while PostgreSQL is away."""

_PASSING: Final = ("08", "25006", "28", "3D", "40", "42", "53", "57", "58")
"""SQLSTATEs (or their classes) that pass by themselves: connection, read-only after a failover, deadlock,
resources, operator intervention, system error; and what somebody must mend first, with no value at fault:
access, a missing database, a schema that is not migrated."""

_DRIVER: Final = "postgresql+asyncpg"


def create_engine(url: str, *, pool_size: int = 10) -> AsyncEngine:
    """An engine on asyncpg. Parameters stay out of its errors: they are identities."""
    connect_args: dict[str, Any] = {"timeout": 5, "command_timeout": 30}
    engine = create_async_engine(
        database_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args=connect_args,
    )
    event.listen(engine.sync_engine, "handle_error", _tell_apart)
    return engine


def _tell_apart(context: ExceptionContext) -> None:
    """Turn SQLAlchemy's one error for everything into `DatabaseAway` where waiting helps."""
    sqlstate = getattr(context.original_exception, "sqlstate", None) or ""
    if context.is_disconnect or sqlstate.startswith(_PASSING):
        raise DatabaseAway(type(context.original_exception).__name__) from None


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
    query = dict(parsed.query)
    if "sslmode" in query:
        # libpq's name; asyncpg calls the same `ssl`.
        query["ssl"] = query.pop("sslmode")
    return parsed.set(drivername=_DRIVER, query=query)
