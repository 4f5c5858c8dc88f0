"""Keep the blind index complete, and count the persons in it."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from usecases.context import WorkerContext

AT_ONCE: Final = 200

_LOOK_EVERY: Final = 3600.0
_WORK_FOR: Final = 1.0
"""Seconds of one sweep; the next one goes on."""

log = structlog.get_logger(__name__)


class IndexUpkeep:
    """Looks at the first sweep and once an hour: a worker of an older version still writes rows that are not
    indexed, and a master key may have been replaced."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._looked_at = -math.inf

    async def complete(self) -> None:
        """Index what is not indexed, and count. Raises ServerAway."""
        now = asyncio.get_running_loop().time()
        if now < self._looked_at + _LOOK_EVERY:
            return
        numbers, app_ids = self._context.numbers, [*self._context.apps]
        until = now + _WORK_FOR
        if not await _in_batches(lambda: numbers.index_unnumbered(limit=AT_ONCE), until=until):
            return
        if not await _in_batches(lambda: numbers.index_again(app_ids, limit=AT_ONCE), until=until):
            return
        self._looked_at = now
        await numbers.count_persons()


async def _in_batches(work: Callable[[], Awaitable[int]], *, until: float) -> bool:
    """Repeat the work until a batch is not full (True), or the time is over (False)."""
    total = 0
    while (batch := await work()) == AT_ONCE and asyncio.get_running_loop().time() < until:
        total += batch
    if total + batch:
        log.info("identity.indexed", count=total + batch)
    return batch < AT_ONCE
