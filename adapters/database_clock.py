"""What time it is, for every process the same: PostgreSQL's clock, carried on by one that cannot jump."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.database import DATABASE_AWAY

LOOK_EVERY: Final = timedelta(seconds=10)


class DatabaseClock:
    """Leases, pauses and the vendor's day are counted by it, so that no machine whose own clock is wrong
    takes another's work away or leaves its own for later.

    Until PostgreSQL has told its time for the first time, it is this machine's.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        machine: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._origin = machine() - timedelta(seconds=monotonic())
        self._told_at = monotonic()

    def __call__(self) -> datetime:
        return self._origin + timedelta(seconds=self._monotonic())

    def silence(self) -> float:
        """Seconds since PostgreSQL told its time, or since the start."""
        return self._monotonic() - self._told_at

    async def look(self) -> None:
        """Ask PostgreSQL.

        Raises:
            DBAPIError, OSError: it is away.
        """
        async with self._engine.connect() as connection:
            told: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        self._told_at = self._monotonic()
        self._origin = told - timedelta(seconds=self._told_at)

    async def follow(self, *, every: timedelta = LOOK_EVERY) -> None:
        """Ask again and again: machines differ by a little in how long a second is."""
        while True:
            with contextlib.suppress(*DATABASE_AWAY):
                await self.look()
            await asyncio.sleep(every.total_seconds())
