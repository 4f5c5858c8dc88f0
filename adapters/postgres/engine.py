"""The SQLAlchemy engine. Its errors are translated to ours, unless a value or a bug is at fault."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, cast

import asyncpg
from sqlalchemy import Engine, event
from sqlalchemy.engine import AdaptedConnection, Dialect, ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry
from sqlalchemy.util import await_only

from adapters.configuration.urls.database_url import read_database_url
from adapters.postgres.connections import CONNECT_FAILURES, Connector
from adapters.postgres.sqlstate import DatabaseAway, Fault, away, fault_of
from domain.errors import RefusedValue, SettingsError

_DRIVER: Final = "postgresql+asyncpg://"
_STATEMENT_TIMEOUT: Final = timedelta(seconds=30)
_RESTED: Final = timedelta(seconds=1)
"""A connection that was unused for this long may have died unnoticed."""

_SECOND_BEST_FOR: Final = timedelta(seconds=10)
_PING_TIMEOUT: Final = timedelta(seconds=3)


class DoubtingPool(AsyncAdaptedQueuePool):
    """A pool that replaces every connection from before the last doubt at its next use.

    If one session reports "read-only", the server has become a standby, and all its sessions are affected; if
    one session's plan no longer fits, so do those of all sessions from before the migration.
    """

    doubted_at = float("-inf")
    """By the monotonic clock."""

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            return super()._do_get()
        except PoolTimeout as error:
            raise DatabaseAway(type(error).__name__) from None


def doubt(engine: AsyncEngine) -> None:
    """Reuse none of the connections that are open now."""
    cast(DoubtingPool, engine.pool).doubted_at = time.monotonic()


def create_engine(
    url: str,
    *,
    pool_size: int = 10,
    rested: timedelta = _RESTED,
    statement_timeout: timedelta | None = _STATEMENT_TIMEOUT,
    second_best_for: timedelta = _SECOND_BEST_FOR,
) -> AsyncEngine:
    """An engine on asyncpg. A connection that was unused for a while is pinged before use, and one whose
    statement takes too long is closed. `statement_timeout` None: no limit.

    `second_best_for`: how long a server that takes no writes is used before another one is tried.

    Its errors contain no parameters, which are identities. Its own URL has no server and no password.

    Raises:
        SettingsError: the URL cannot be used.
    """
    limit = None if statement_timeout is None else statement_timeout.total_seconds()
    ours: dict[str, Any] = {"timeout": 5, "command_timeout": limit}
    connect_args = ours | connection_arguments(url)
    engine = create_async_engine(
        _DRIVER,
        poolclass=DoubtingPool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args=connect_args,
    )
    event.listen(engine.sync_engine, "do_connect", _opener(Connector()))
    event.listen(engine.sync_engine, "handle_error", _tell_apart)
    _check_before_use(engine.sync_engine, rested, second_best_for)
    return engine


def _opener(connector: Connector) -> Callable[..., DBAPIConnection]:
    """SQLAlchemy's connection factory; `info["prepares"]` says whether statements may be prepared."""

    def open_one(
        dialect: Dialect, record: ConnectionPoolEntry, _args: list[Any], arguments: dict[str, Any]
    ) -> DBAPIConnection:
        cached = arguments.pop("prepared_statement_cache_size", 100)
        try:
            driver, prepares, second_best = await_only(connector.open(arguments))
        except CONNECT_FAILURES as error:
            raise away(error) from error

        async def opened() -> asyncpg.Connection:
            return driver

        record.info.update(prepares=prepares, second_best=second_best)
        # The unnamed statement ends with its transaction.
        unprepared = {"prepared_statement_cache_size": 0, "prepared_statement_name_func": str}
        kept = {"prepared_statement_cache_size": cached} if prepares else unprepared
        return cast(DBAPIConnection, dialect.loaded_dbapi.connect(async_creator_fn=opened, **kept))

    return open_one


def _check_before_use(engine: Engine, rested: timedelta, second_best_for: timedelta) -> None:
    """Replace doubted connections; and ping before use, like `pool_pre_ping`, but only connections that were
    not used just now.

    A connection that dies under load fails its user, pinged or not; but a busy worker's pings would cost a
    sixth of its statements.
    """
    seconds = rested.total_seconds()

    def note_birth(_connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["made_at"] = time.monotonic()

    def note_return(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["returned_at"] = time.monotonic()

    def check(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        returned_at = record.info.get("returned_at")
        if returned_at is None:
            # A new connection is kept: while doubts repeat there is no better one.
            return
        if _is_outdated(record, cast(DoubtingPool, engine.pool), second_best_for):
            raise DisconnectionError
        if time.monotonic() - returned_at < seconds:
            return
        try:
            cast(AdaptedConnection, connection).run_async(_ping)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            raise InvalidatePoolError from None

    event.listen(engine, "connect", note_birth)
    event.listen(engine, "checkin", note_return)
    event.listen(engine, "checkout", check)


def _is_outdated(record: ConnectionPoolEntry, pool: DoubtingPool, second_best_for: timedelta) -> bool:
    made_at: float = record.info["made_at"]
    age = time.monotonic() - made_at
    return made_at <= pool.doubted_at or (
        record.info["second_best"] and age >= second_best_for.total_seconds()
    )


async def _ping(driver: asyncpg.Connection) -> None:
    """A simple query, which needs no session."""
    await driver.execute("SELECT", timeout=_PING_TIMEOUT.total_seconds())


def _tell_apart(context: ExceptionContext) -> None:
    """Turn SQLAlchemy's generic error into `DatabaseAway` if no value is at fault."""
    error = context.original_exception
    if isinstance(error, context.dialect.loaded_dbapi.Error):
        error = error.__cause__ or error
    elif not isinstance(error, OSError):
        return
    fault = fault_of(getattr(error, "sqlstate", None))
    if fault is Fault.VALUE:
        _name_refusal(error)
        return
    if fault is Fault.SESSION:
        # SQLAlchemy drops the connection, and all of the same age or older.
        context.is_disconnect = True
    raise away(error) from None


def _name_refusal(error: BaseException) -> None:
    """Raise a data exception (SQLSTATE class 22) as a domain error; a broken constraint is a bug."""
    sqlstate = str(getattr(error, "sqlstate", ""))
    if sqlstate.startswith("22"):
        raise RefusedValue(f"SQLSTATE {sqlstate}") from None


def connection_arguments(url: str) -> dict[str, Any]:
    """The arguments of `asyncpg.connect` for a URL in libpq's syntax.

    Raises:
        SettingsError: it cannot be used; the message does not repeat it.
    """
    try:
        return read_database_url(url)
    except ValueError as error:
        raise SettingsError(f"FACEID_DATABASE_URL: {error}") from None
