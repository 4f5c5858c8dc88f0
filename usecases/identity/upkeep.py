"""What a worker's sweep does about identity."""

from datetime import timedelta
from typing import Final

from usecases.context import WorkerContext

PERIOD: Final = timedelta(minutes=1)


class IdentityUpkeep:
    """Completes interrupted erasures, and erases by age once a minute."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._due = context.clock()

    async def retain(self) -> None:
        """Erase what has been kept long enough, as far as a minute's budget goes. Raises ServerAway."""
        now = self._context.clock()
        if self._context.retention is None or now < self._due:
            return
        self._due = now + PERIOD
        await self._context.retention.run()

    async def finish(self) -> None:
        """Complete what a crash or an outage has interrupted. Raises ServerAway."""
        if self._context.erasures is not None:
            await self._context.erasures.finish()
