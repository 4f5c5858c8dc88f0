"""What a worker's sweep does about identity."""

from usecases.context import WorkerContext


class IdentityUpkeep:
    """Completes erasures that were interrupted."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context

    async def finish(self) -> None:
        """Complete what a crash or an outage has interrupted. Raises ServerAway."""
        if self._context.erasures is not None:
            await self._context.erasures.finish()
