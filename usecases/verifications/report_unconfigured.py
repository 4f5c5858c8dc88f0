"""Report due verifications of apps that are not configured here."""

import asyncio
import math
from typing import Final

import structlog

from usecases.context import WorkerContext

_EVERY: Final = 3600.0

log = structlog.get_logger(__name__)


class Unconfigured:
    """Logs, once an hour for each app, how many of its verifications wait."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._reported: dict[str, float] = {}

    async def report(self) -> None:
        """Log the number of waiting verifications of each app.

        Raises:
            ServerAway: PostgreSQL is away.
        """
        context, now = self._context, asyncio.get_running_loop().time()
        waiting = await context.due.due_elsewhere(list(context.apps), now=context.clock())
        for app_id, count in waiting.items():
            if now >= self._reported.get(app_id, -math.inf) + _EVERY:
                self._reported[app_id] = now
                log.warning("verifications.unconfigured", app_id=app_id, count=count)
