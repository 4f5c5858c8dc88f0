"""Delete what has ended of sign-ins: sessions, links, tokens, tries, roles of groups."""

from datetime import timedelta
from typing import Final

from usecases.context import WorkerContext

PERIOD: Final = timedelta(minutes=10)


class EndedSignIns:
    """Deletes every ten minutes; nothing reads the rows any more, so nothing depends on it."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._due = context.clock()

    async def forget(self) -> None:
        """Delete what has ended, if it is time.

        Raises:
            ServerAway: PostgreSQL is away.
        """
        now = self._context.clock()
        if now < self._due:
            return
        await self._context.people.forget()
        self._due = now + PERIOD
