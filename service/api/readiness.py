"""What `readyz` answers: read at most once a second, and by one reader at a time, however often asked."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

FRESH_FOR: Final = 1.0

Parts = dict[str, dict[str, Any]]


class Readiness:
    """The last reading of the servers behind this one, taken again when it is older than a second."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._reading = asyncio.Lock()
        self._parts: Parts = {}
        self._stale_at = float("-inf")

    async def parts(self, read: Callable[[], Awaitable[Parts]]) -> Parts:
        """The parts, by `read` where they are not fresh."""
        async with self._reading:
            if self._monotonic() >= self._stale_at:
                self._parts = await read()
                self._stale_at = self._monotonic() + FRESH_FOR
            return self._parts
