"""One time for all processes: PostgreSQL's clock, extrapolated by the monotonic clock."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.postgres.sqlstate import DatabaseAway

log = structlog.get_logger(__name__)

LOOK_EVERY: Final = timedelta(seconds=2)
"""An outage between two queries goes unnoticed, so this is shorter than the time to store an answer."""

_TOO_LONG: Final = 5.0
"""Seconds without an answer after which PostgreSQL counts as away although no query has failed: it hangs."""


class DatabaseClock:
    """Leases, pauses and the vendor's day use this clock, so that a machine with a wrong clock neither takes
    another's work nor delays its own.

    Until PostgreSQL's first answer, it is this machine's clock.
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
        self._is_away = False
        self._told_at = self._answers_since = monotonic()

    def __call__(self) -> datetime:
        return self._origin + timedelta(seconds=self._monotonic())

    def silence(self) -> float:
        """Seconds since PostgreSQL's last answer, or since the start."""
        return self._monotonic() - self._told_at

    def answers_since(self) -> datetime:
        """Since when PostgreSQL has answered without interruption, or the start; now, while it is away."""
        since = self._monotonic() if self._was_away() else self._answers_since
        return self._origin + timedelta(seconds=since)

    def _was_away(self) -> bool:
        return self._is_away or self.silence() > _TOO_LONG

    async def look(self) -> None:
        """Query PostgreSQL's time.

        Raises:
            DatabaseAway: it is away.
        """
        try:
            async with self._engine.connect() as connection:
                database_time: datetime = (
                    await connection.execute(text("SELECT clock_timestamp()"))
                ).scalar_one()
        except BaseException:
            self._is_away = True
            raise
        if self._was_away():
            self._answers_since = self._monotonic()
        self._is_away = False
        self._told_at = self._monotonic()
        self._origin = database_time - timedelta(seconds=self._told_at)

    async def follow(self, *, every: timedelta = LOOK_EVERY) -> None:
        """Query repeatedly, since machines' clocks run at slightly different speeds."""
        while True:
            await self.try_to_look()
            await asyncio.sleep(every.total_seconds())

    async def try_to_look(self) -> None:
        """`look`; if it fails for any reason, the clock continues as before until the next query."""
        try:
            await self.look()
        except DatabaseAway:
            pass
        except Exception:
            log.exception("clock.failed")
