"""Rows that a worker of an older version writes while it runs beside this version."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from usecases.context import WorkerContext

AT_ONCE: Final = 500

_LOOK_EVERY: Final = 3600.0

log = structlog.get_logger(__name__)


class Leftovers:
    """Looks for them at the first sweep and once an hour, because the last worker of the old version ends
    after the migrations and still writes rows in the old way."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._looked_at = -math.inf

    async def complete(self) -> None:
        """End unfinished flows with the vendor's day, and list decided verifications by outcome, reasons and
        confirmation mode.

        Raises:
            ServerAway: PostgreSQL is away.
        """
        now = asyncio.get_running_loop().time()
        if now < self._looked_at + _LOOK_EVERY:
            return
        leftovers, app_ids = self._context.leftovers, [*self._context.apps]
        if count := await _in_batches(lambda: leftovers.end_unfinished(limit=AT_ONCE)):
            log.info("verifications.given_an_end", count=count)
        if count := await _in_batches(lambda: leftovers.list_decided(app_ids, limit=AT_ONCE)):
            log.info("verifications.listed", count=count)
        if count := await _in_batches(lambda: leftovers.list_reasons(limit=AT_ONCE)):
            log.info("verifications.reasons_listed", count=count)
        if count := await _in_batches(lambda: leftovers.list_modes(limit=AT_ONCE)):
            log.info("verifications.modes_listed", count=count)
        self._looked_at = now


async def _in_batches(work: Callable[[], Awaitable[int]]) -> int:
    """Repeat the work until a batch is not full; returns the total."""
    count = batch = await work()
    while batch == AT_ONCE:
        batch = await work()
        count += batch
    return count
