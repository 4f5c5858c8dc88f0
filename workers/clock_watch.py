"""Reschedule the crons when the machine's clock has jumped.

arq schedules each cron by the wall clock. If the clock is set back by a day, the next sweep would come in a
day; if it is set forward, arq would run every missed sweep.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog
from arq.cron import CronJob

JUMP: Final = timedelta(seconds=5)
"""More than a clock is slewed between two checks, and less than any time-out here would notice."""

_LOOK_EVERY: Final = 1.0

log = structlog.get_logger(__name__)


class ClockWatch:
    """Compares the wall clock with a monotonic clock; both in seconds."""

    def __init__(
        self,
        crons: Sequence[CronJob],
        *,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._crons = crons
        self._wall = wall
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()

    async def run(self) -> None:
        """Check at regular intervals, forever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            self.look()

    def look(self) -> None:
        """Make arq reschedule every cron if the clock has jumped since the last check."""
        ahead = self._wall() - self._monotonic()
        jump, self._ahead = ahead - self._ahead, ahead
        if abs(jump) >= JUMP.total_seconds():
            log.warning("clock.jumped", seconds=round(jump))
            for cron in self._crons:
                cron.next_run = None
