"""PostgreSQL: the engine, whose every error is one of ours unless a value or a defect is at fault."""

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

from adapters.configuration.database_url import read_database_url
from adapters.postgres.connections import CONNECT_FAILURES, Connector
from adapters.postgres.sqlstate import DatabaseAway, Fault, away, fault_of
from domain.errors import RefusedValue, SettingsError

_DRIVER: Final = "postgresql+asyncpg://"
_STATEMENT_TIMEOUT: Final = timedelta(seconds=30)
_RESTED: Final = timedelta(seconds=1)
"""A connection that was not used for so long may have died without anybody noticing."""

_SECOND_BEST_FOR: Final = timedelta(seconds=10)
_PING_TIMEOUT: Final = timedelta(seconds=3)


class DoubtingPool(AsyncAdaptedQueuePool):
    """A pool that replaces every connection made before the last doubt, when it is to be used again.

    A session that says "read-only" is one of many on a server that has become a standby; one whose plan no
    longer fits is one of many from before the migration.
    """

    doubted_at = float("-inf")
    """By the monotonic clock."""

    def _do_get(self) -> ConnectionPoolEntry:
        try:
            return super()._do_get()
        except PoolTimeout as error:
            raise DatabaseAway(type(error).__name__) from None


def doubt(engine: AsyncEngine) -> None:
    """Use no connection again that is open now."""
    cast(DoubtingPool, engine.pool).doubted_at = time.monotonic()


def create_engine(
    url: str,
    *,
    pool_size: int = 10,
    rested: timedelta = _RESTED,
    statement_timeout: timedelta | None = _STATEMENT_TIMEOUT,
    second_best_for: timedelta = _SECOND_BEST_FOR,
) -> AsyncEngine:
    """An engine on asyncpg; a connection that rested so long is pinged before it is used, and one whose
    statement takes too long is used no more. `statement_timeout` None: a statement may take any time.

    `second_best_for`: how long a server that takes no writes is used before another one is looked for.

    Parameters stay out of its errors: they are identities. Its own URL names no server and no password.

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
    """How SQLAlchemy is given a connection; `info["prepares"]` says whether statements may be prepared."""

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
        # The empty name is the one statement that goes with its transaction.
        unprepared = {"prepared_statement_cache_size": 0, "prepared_statement_name_func": str}
        kept = {"prepared_statement_cache_size": cached} if prepares else unprepared
        return cast(DBAPIConnection, dialect.loaded_dbapi.connect(async_creator_fn=opened, **kept))

    return open_one


def _check_before_use(engine: Engine, rested: timedelta, second_best_for: timedelta) -> None:
    """Replace what is doubted; and `pool_pre_ping`, which asks before every use, for connections alone that
    were not used just now.

    A connection that dies under load fails whoever uses it, pinged or not; but the pings of a busy worker
    are a sixth of what its statements cost.
    """
    seconds = rested.total_seconds()

    def note_birth(_connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["made_at"] = time.monotonic()

    def note_return(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["returned_at"] = time.monotonic()

    def check(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        returned_at = record.info.get("returned_at")
        if returned_at is None:
            # Just made: while everything is doubted again and again there is no better one.
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
    """A simple query, which needs no session of its own."""
    await driver.execute("SELECT", timeout=_PING_TIMEOUT.total_seconds())


def _tell_apart(context: ExceptionContext) -> None:
    """Turn SQLAlchemy's one error for everything into `DatabaseAway` where no value is at fault."""
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
        # SQLAlchemy drops the connection, and all that are as old.
        context.is_disconnect = True
    raise away(error) from None


def _name_refusal(error: BaseException) -> None:
    """A data exception (SQLSTATE class 22) is an error of the domain; a broken constraint is a defect."""
    sqlstate = str(getattr(error, "sqlstate", ""))
    if sqlstate.startswith("22"):
        raise RefusedValue(f"SQLSTATE {sqlstate}") from None


def connection_arguments(url: str) -> dict[str, Any]:
    """The arguments of `asyncpg.connect` for a URL as libpq reads it.

    Raises:
        SettingsError: it cannot be used; the message repeats nothing of it.
    """
    try:
        return read_database_url(url)
    except ValueError as error:
        raise SettingsError(f"FACEID_DATABASE_URL: {error}") from None
