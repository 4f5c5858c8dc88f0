"""PostgreSQL: the engine, and which of its errors pass."""

import time
from datetime import timedelta
from typing import Any, Final

import asyncpg
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from adapters.configuration.database_url import read_database_url
from domain.errors import SettingsError


class DatabaseAway(OSError):
    """PostgreSQL is away, starting, stopping, full, or asks for another try: no value is at fault.

    `sqlstate` is what the server said, or None where it said nothing.
    """

    def __init__(self, name: str = "", sqlstate: str | None = None) -> None:
        super().__init__(name)
        self.sqlstate = sqlstate


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

_DRIVER: Final = "postgresql+asyncpg://"
_STATEMENT_TIMEOUT: Final = timedelta(seconds=30)
_RESTED: Final = timedelta(seconds=1)
"""A connection that was not used for so long may have died without anybody noticing."""


def create_engine(
    url: str,
    *,
    pool_size: int = 10,
    rested: timedelta = _RESTED,
    statement_timeout: timedelta = _STATEMENT_TIMEOUT,
) -> AsyncEngine:
    """An engine on asyncpg; a connection that rested so long is pinged before it is used, and one whose
    statement takes too long is used no more.

    Parameters stay out of its errors: they are identities. Its own URL names no server and no password.

    Raises:
        SettingsError: the URL cannot be used.
    """
    ours: dict[str, Any] = {"timeout": 5, "command_timeout": statement_timeout.total_seconds()}
    connect_args = ours | connection_arguments(url)
    engine = create_async_engine(
        _DRIVER,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args=connect_args,
    )
    event.listen(engine.sync_engine, "handle_error", _tell_apart)
    _ping_the_rested(engine.sync_engine, rested)
    return engine


def autocommitting(engine: AsyncEngine) -> AsyncEngine:
    """The same pool for single statements: each is a transaction, without round trips to begin and end it."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _ping_the_rested(engine: Engine, rested: timedelta) -> None:
    """`pool_pre_ping`, which asks before every use, for connections alone that were not used just now.

    A connection that dies under load fails whoever uses it, pinged or not; but the pings of a busy worker
    are a sixth of what its statements cost.
    """
    seconds = rested.total_seconds()

    def note_return(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["returned_at"] = time.monotonic()

    def ping(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        returned_at = record.info.get("returned_at")
        if returned_at is None or time.monotonic() - returned_at < seconds:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise InvalidatePoolError from None

    event.listen(engine, "checkin", note_return)
    event.listen(engine, "checkout", ping)


def passes(sqlstate: str | None) -> bool:
    """Whether an error of this SQLSTATE passes by itself, or when somebody has mended the database."""
    return (sqlstate or "").startswith(_PASSING)


def _tell_apart(context: ExceptionContext) -> None:
    """Turn SQLAlchemy's one error for everything into `DatabaseAway` where waiting helps."""
    sqlstate = getattr(context.original_exception, "sqlstate", None)
    if context.is_disconnect or passes(sqlstate):
        raise DatabaseAway(type(context.original_exception).__name__, sqlstate) from None


def connection_arguments(url: str) -> dict[str, Any]:
    """The arguments of `asyncpg.connect` for a URL as libpq reads it.

    Raises:
        SettingsError: it cannot be used; the message repeats nothing of it.
    """
    try:
        return read_database_url(url)
    except ValueError as error:
        raise SettingsError(f"FACEID_DATABASE_URL: {error}") from None
