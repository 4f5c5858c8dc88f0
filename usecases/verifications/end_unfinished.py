"""Give running flows a due time, which workers from before migration 0007 did not set."""

import asyncio
import math
from typing import Final

import structlog

from usecases.context import WorkerContext

AT_ONCE: Final = 500

_LOOK_EVERY: Final = 3600.0

log = structlog.get_logger(__name__)


class Unfinished:
    """Looks for them at the first sweep and once an hour: the last worker of the old version ends after the
    migration, and takes back what that has given them."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._looked_at = -math.inf

    async def give_an_end(self) -> None:
        """Make them end with the vendor's day, in short transactions.

        Raises:
            ServerAway: PostgreSQL is away.
        """
        now = asyncio.get_running_loop().time()
        if now < self._looked_at + _LOOK_EVERY:
            return
        count = ended = await self._context.due.end_unfinished(limit=AT_ONCE)
        while ended == AT_ONCE:
            ended = await self._context.due.end_unfinished(limit=AT_ONCE)
            count += ended
        self._looked_at = now
        if count:
            log.info("verifications.given_an_end", count=count)
