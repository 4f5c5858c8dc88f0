"""Wake a loop, at once or at set times."""

import asyncio
import contextlib
import heapq
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

_SLOT: Final = 0.25
"""Times are rounded up to the next quarter of a second, so that many verifications share one."""

_PAST_THE_MOMENT: Final = 0.005


class Alarm:
    """The alarm of one process; `clock` is the clock of the set times."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._moments: list[float] = []
        self._changed = asyncio.Event()
        self._ringing = True

    def ring_at(self, at: datetime) -> None:
        """Ring at this time, or up to a quarter of a second later."""
        moment = math.ceil((at.timestamp() + _PAST_THE_MOMENT) / _SLOT) * _SLOT
        if moment not in self._moments:
            heapq.heappush(self._moments, moment)
            self._changed.set()

    def ring(self) -> None:
        """Ring now."""
        self._ringing = True
        self._changed.set()

    async def wait(self, *, longest: timedelta) -> None:
        """Return when it rings, or after `longest`."""
        until = asyncio.get_running_loop().time() + longest.total_seconds()
        while not self._has_rung():
            rest = min(self._rest(), until - asyncio.get_running_loop().time())
            if rest <= 0:
                return
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._changed.wait()

    def _has_rung(self) -> bool:
        """Whether it rings; resets it."""
        now = self._clock().timestamp()
        while self._moments and self._moments[0] <= now:
            heapq.heappop(self._moments)
            self._ringing = True
        rang, self._ringing = self._ringing, False
        return rang

    def _rest(self) -> float:
        return self._moments[0] - self._clock().timestamp() if self._moments else math.inf
