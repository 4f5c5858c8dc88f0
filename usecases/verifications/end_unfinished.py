"""Flows that go on, as a worker from before migration 0007 left them: without the time of their end."""

import asyncio
import math
from typing import Final

import structlog

from usecases.context import WorkerContext

_LOOK_EVERY: Final = 3600.0

log = structlog.get_logger(__name__)


class Unfinished:
    """Looks for them at the first sweep and once an hour: the last worker of the old version ends after the
    migration, and takes back what that has given them."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._looked_at = -math.inf

    async def give_an_end(self) -> None:
        """Let them end with the vendor's day.

        Raises:
            ServerAway: PostgreSQL is away.
        """
        now = asyncio.get_running_loop().time()
        if now < self._looked_at + _LOOK_EVERY:
            return
        self._looked_at = now
        count = await self._context.due.end_unfinished()
        if count:
            log.info("verifications.given_an_end", count=count)
