"""Upgrade the schema to the newest revision while the gateway keeps running.

Each revision is a separate transaction. It waits for a lock only briefly, because all readers wait behind
it, and then retries. Before it, its `FILLS` run in many short transactions, and its `INDEXES` are built while
others write (adapters/postgres/index_builds.py).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, TypeVar, cast

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.index_builds import build_concurrently
from adapters.postgres.lock_watch import LockWatch, Say
from adapters.postgres.revisions import (
    apply_revision,
    current_revision_of,
    fills_of,
    indexes_of,
    revision_after,
)
from adapters.postgres.sqlstate import DatabaseAway

T = TypeVar("T")

PATIENCE: Final = timedelta(minutes=15)
"""How long other sessions' locks may delay one step."""

_TRY_AGAIN: Final = frozenset({"40001", "40P01", "55006", "55P03"})
"""Serialization failure, deadlock, in use, locked."""

_BEFORE_ALL: Final = "00000000-0000-0000-0000-000000000000"
"""Less than any verification id."""

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 10.0


class Migration:
    """Upgrades the database to the newest revision; calls `say` with a line when it waits for a lock."""

    def __init__(self, engine: AsyncEngine, *, say: Say, patience: timedelta = PATIENCE) -> None:
        self._engine = engine
        self._watch = LockWatch(engine, say)
        self._patience = patience

    async def run(self) -> None:
        """Apply every missing revision. Concurrent migrations wait for each other.

        Raises:
            DatabaseAway: the server went away, or locks were held for longer than the patience.
            SettingsError: the database is ahead of this code.
        """
        while not await self._step():
            pass

    async def _step(self) -> bool:
        """Apply the next revision; True if there is none."""
        current = await self._patiently(_current)
        revision = revision_after(current)
        if revision is None:
            return True
        for fill in fills_of(revision):
            after: str | None = _BEFORE_ALL
            while after is not None:
                after = await self._patiently(_filling(fill, current, after))
        for name, definition in indexes_of(revision).items():
            await self._patiently(self._building(name, definition, current))
        await self._patiently(_applying(revision, current))
        return False

    def _building(
        self, name: str, definition: str, current: str | None
    ) -> Callable[[AsyncConnection], Awaitable[None]]:
        async def run(connection: AsyncConnection) -> None:
            # This transaction keeps other migrations out. The build waits for every older snapshot.
            if await _current(connection) == current:
                await _give_snapshot_back(connection)
                await build_concurrently(
                    self._engine, name, definition, watch=self._watch, patience=self._patience
                )

        return run

    async def _patiently(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do the work in one transaction, and repeat it until it gets every lock."""
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + self._patience.total_seconds(), _FIRST_PAUSE
        while True:
            try:
                async with self._engine.begin() as connection:
                    pid = (await connection.execute(_BEGIN)).one().pid
                    async with self._watch.over(pid):
                        await connection.execute(_ONE_AT_A_TIME)
                        return await work(connection)
            except DatabaseAway as error:
                if error.sqlstate not in _TRY_AGAIN or loop.time() >= deadline:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


async def _current(connection: AsyncConnection) -> str | None:
    return await connection.run_sync(current_revision_of)


def _filling(
    fill: str, current: str | None, after: str
) -> Callable[[AsyncConnection], Awaitable[str | None]]:
    async def run(connection: AsyncConnection) -> str | None:
        # Another migration may have been first and removed the columns.
        if await _current(connection) != current:
            return None
        return cast(str | None, await connection.scalar(text(fill), {"after": after}))

    return run


async def _give_snapshot_back(connection: AsyncConnection) -> None:
    """Close the portal of the last prepared statement, which keeps its snapshot; a simple query does."""
    raw = await connection.get_raw_connection()
    driver = cast(asyncpg.Connection, raw.driver_connection)
    await driver.execute("SELECT")


def _applying(revision: str, current: str | None) -> Callable[[AsyncConnection], Awaitable[None]]:
    async def run(connection: AsyncConnection) -> None:
        if await _current(connection) == current:
            await connection.run_sync(apply_revision, revision)

    return run


_BEGIN: Final = text("""
SELECT set_config('lock_timeout', '2s', true), set_config('statement_timeout', '0', true),
       set_config('idle_in_transaction_session_timeout', '0', true),
       set_config('application_name', 'faceid-gateway migrate', true), pg_backend_pid() AS pid
""")
"""The limits for statements at run time must not end a migration."""

_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(4026531840)")
