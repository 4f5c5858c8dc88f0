"""Delete old events, and tell of policies that came into force, at each sweep."""

from typing import Final

import structlog

from usecases.context import WorkerContext

AT_ONCE: Final = 1000
COUNTED_AT_ONCE: Final = 10_000

log = structlog.get_logger(__name__)


async def count_events(context: WorkerContext) -> None:
    """Count the new events by type, in short transactions.

    Raises:
        ServerAway: PostgreSQL is away.
    """
    while await context.events.count(limit=COUNTED_AT_ONCE) == COUNTED_AT_ONCE:
        pass


async def forget_events(context: WorkerContext) -> None:
    """Delete events that are older than `events_kept`, in short transactions.

    Raises:
        ServerAway: PostgreSQL is away.
    """
    before = context.clock() - context.events_kept
    while await context.events.forget(before=before, limit=AT_ONCE) == AT_ONCE:
        pass


class Activations:
    """Tells of the policies that this worker decides by, once for each text that comes into force."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._told: dict[str, str] = {}

    async def tell(self) -> None:
        """Write the events of policies that no worker has told of yet.

        Raises:
            ServerAway: PostgreSQL is away.
        """
        in_force = {policy.name: policy.content_hash for policy in self._context.policies.all()}
        if in_force == self._told:
            return
        count = await self._context.events.activate(self._context.policies.all())
        self._told = in_force
        if count:
            log.info("policies.activated", count=count)
