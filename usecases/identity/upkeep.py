"""What a worker's sweep does about identity."""

from datetime import timedelta
from typing import Final

from usecases.context import WorkerContext

RATE: Final = 100
"""Verifications and dead letters that a worker erases by age, for each second since its last run."""

MOST: Final = timedelta(minutes=1)
"""More seconds do not count."""


class IdentityUpkeep:
    """Completes interrupted erasures, and erases by age, little at a time: decisions go on beside it. Deletes
    the pieces of pictures that are erased."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._ran_at = context.clock() - timedelta(seconds=1)

    async def retain(self) -> None:
        """Erase what has been kept long enough, as far as the time since the last run allows. Raises
        ServerAway."""
        now = self._context.clock()
        since, self._ran_at = min(now - self._ran_at, MOST), now
        budget = round(since.total_seconds() * RATE)
        if self._context.retention is not None and budget > 0:
            await self._context.retention.run(budget=budget)

    async def delete_pictures(self) -> None:
        """Delete the pieces of pictures that nothing needs any more. Raises ServerAway."""
        if self._context.picture_sweep is not None:
            await self._context.picture_sweep.delete_left()

    async def finish(self) -> None:
        """Complete what a crash or an outage has interrupted. Raises ServerAway."""
        if self._context.erasures is not None:
            await self._context.erasures.finish()
