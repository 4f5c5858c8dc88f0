"""Small background tasks that may fail, because a later sweep does the same work."""

import asyncio
from collections.abc import Awaitable

import structlog

from domain.errors import AnchorFailed, ServerAway, kind_of_error
from usecases.process.worker_stats import WorkerStats

log = structlog.get_logger(__name__)


class Errands:
    """Runs errands, each for at most `within` seconds, and logs an outage once per kind of errand."""

    def __init__(self, worker_stats: WorkerStats, *, within: float) -> None:
        self._worker_stats = worker_stats
        self._within = within
        self._interrupted: set[str] = set()

    async def run(self, work: Awaitable[object], event: str, *, kind: str = "", **ids: str) -> None:
        """Do `work`. If it fails, `event` is logged, with a traceback if the cause is a bug. `kind`
        distinguishes errands with the same event.
        """
        key = f"{event} {kind}"
        try:
            async with asyncio.timeout(self._within):
                await work
            self._interrupted.discard(key)
        except (ServerAway, AnchorFailed, TimeoutError) as error:
            self._worker_stats.failed(error)
            if key not in self._interrupted:
                log.warning(event, **ids, error=kind_of_error(error))
            self._interrupted.add(key)
        except Exception as error:
            self._worker_stats.failed(error)
            log.warning(event, **ids, error=kind_of_error(error), exc_info=True)
