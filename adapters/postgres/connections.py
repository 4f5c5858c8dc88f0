"""Open connections to a PostgreSQL server that takes writes, directly or through a pooler.

A transaction pooler (PgBouncer) may use another session for each transaction, so statements cannot be
prepared for later ones. Each new connection checks this itself, since it may differ from the last one.
"""

import contextlib
import os
from collections.abc import Sequence
from datetime import timedelta
from enum import Flag
from typing import Any, Final, NamedTuple

import asyncpg

LOCK_TIMEOUT: Final = timedelta(seconds=1.5)
"""How long a statement waits for a row or a table that another transaction has locked."""

CONNECT_FAILURES: Final = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

_GOODBYE: Final = 0.2
"""Seconds. A pool closes one connection after the other."""


_SETTINGS: Final = {
    "lock_timeout": f"{LOCK_TIMEOUT // timedelta(milliseconds=1)}",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "jit": "off",
}
"""A plan is kept until the table's next statistics, a minute later or more. One that was made for an almost
empty table reads the whole table in each statement, while a thousand rows a second come in. So every
statement, and every check of a foreign key, uses an index from the first row on."""


def session_settings(*, local: bool = False) -> str:
    """The statements that prepare a session or, with `local`, one transaction."""
    scope = "LOCAL " if local else ""
    return "; ".join(f"SET {scope}{name} = {value}" for name, value in _SETTINGS.items())


class _Driver(asyncpg.Connection):  # type: ignore[misc]
    """A connection that waits only briefly when it closes, not as long as for a statement."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as in asyncpg
        # asyncpg has closed the connection by then, and the server has lost nothing.
        with contextlib.suppress(TimeoutError):
            await super().close(timeout=_GOODBYE if timeout is None else timeout)


class Server(Flag):
    """Properties of a connection's server. `DIRECT`: there is no pooler, so the session is ours."""

    DIRECT = 1
    PRIMARY = 2
    WRITABLE = 4


class Opened(NamedTuple):
    """`prepares`: statements may be prepared. `second_best`: no server had the wanted properties."""

    driver: asyncpg.Connection
    prepares: bool
    second_best: bool


class Reached(NamedTuple):
    """A connection and its server's properties."""

    driver: asyncpg.Connection
    server: Server


_ATTRIBUTES: Final = {
    "any": Server(0),
    "primary": Server.PRIMARY,
    "read-write": Server.PRIMARY | Server.WRITABLE,
}

_LOOK: Final = """
SELECT FROM pg_catalog.generate_series(1,
  CASE WHEN pg_catalog.pg_backend_pid() = {pid} THEN 1 ELSE 0 END
  + CASE WHEN pg_catalog.pg_is_in_recovery() THEN 0 ELSE 2 END
  + CASE WHEN pg_catalog.current_setting('transaction_read_only') = 'off' THEN 4 ELSE 0 END)
"""
"""The answer is the number of rows: a simple query returns nothing else, and only it needs no session."""


class Connector:
    """Opens the connections of one engine.

    Of several servers it uses the first that accepts writes, else the first that answers, which suffices for
    lookups. With `target_session_attrs`, only a server that has these is used.
    """

    def __init__(self) -> None:
        self._pooled = False
        self._last: dict[str, Any] = {}

    async def open(self, arguments: dict[str, Any]) -> Opened:
        """A connection; `arguments` are those of asyncpg's `connect`. Cancelled, it leaves none open.

        Raises:
            OSError, PostgresError, InterfaceError, InternalClientError: no server is usable.
        """
        tried: list[asyncpg.Connection] = []
        chosen = None
        try:
            opened = await self._open(arguments, tried)
            chosen = opened.driver
            return opened
        finally:
            for driver in tried:
                if driver is not chosen:
                    driver.terminate()

    async def _open(self, arguments: dict[str, Any], tried: list[asyncpg.Connection]) -> Opened:
        """A usable connection; `tried` receives every connection that is opened on the way."""
        careful = self._pooled
        driver, server = await self._connect(arguments, tried, careful=careful)
        self._pooled = Server.DIRECT not in server
        if self._pooled and not careful:
            driver.terminate()
            careful = True
            driver, server = await self._connect(arguments, tried, careful=True)
        if not careful:
            await driver.execute(session_settings())
        return Opened(driver, prepares=not careful, second_best=_wanted(arguments) not in server)

    async def _connect(
        self, arguments: dict[str, Any], tried: list[asyncpg.Connection], *, careful: bool
    ) -> Reached:
        """The first server with the wanted properties, else the first usable one."""
        wanted = _wanted(arguments)
        fixed = {**arguments, "target_session_attrs": "any"} | (
            {"statement_cache_size": 0} if careful else {}
        )
        second_best: list[Reached] = []
        failures: list[Exception] = []
        for address in self._addresses(arguments):
            try:
                driver, server = await _reach(fixed | address, tried)
            except CONNECT_FAILURES as error:
                failures.append(error)
                continue
            if wanted in server:
                self._last = address
                return Reached(driver, server)
            second_best.append(Reached(driver, server))
        return _second_best(second_best, failures, strict=_demanded(arguments) is not None)

    def _addresses(self, arguments: dict[str, Any]) -> Sequence[dict[str, Any]]:
        """Each server as arguments, the last good one first, since others may time out."""
        addresses = _addresses_of(arguments)
        return sorted(addresses, key=lambda address: address != self._last)


def _demanded(arguments: dict[str, Any]) -> str | None:
    return arguments.get("target_session_attrs") or os.environ.get("PGTARGETSESSIONATTRS")


def _wanted(arguments: dict[str, Any]) -> Server:
    return _ATTRIBUTES[_demanded(arguments) or "read-write"]


def _addresses_of(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Separate arguments for each host, since asyncpg has one time-out for all of its hosts."""
    hosts, ports = arguments.get("host"), arguments.get("port")
    if not isinstance(hosts, list):
        return [{}]
    each = ports if isinstance(ports, list) else [ports] * len(hosts)
    return [{"host": host, "port": port} for host, port in zip(hosts, each, strict=True)]


async def _reach(arguments: dict[str, Any], tried: list[asyncpg.Connection]) -> Reached:
    driver = await asyncpg.connect(**arguments, connection_class=_Driver)
    tried.append(driver)
    answer = await driver.execute(_LOOK.format(pid=driver.get_server_pid()))
    return Reached(driver, Server(int(answer.removeprefix("SELECT "))))


def _second_best(reached: list[Reached], failures: list[Exception], *, strict: bool) -> Reached:
    if reached and not strict:
        return reached[0]
    if reached or not failures:
        raise asyncpg.TargetServerAttributeNotMatched("no server has the attributes that are asked for")
    raise failures[0]
