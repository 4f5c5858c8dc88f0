"""A user's browser came back: look at once, where nothing is heard of a registered verification."""

from uuid import UUID

from workers.context import WorkerContext
from workers.settlement import settle_one


async def look_early(context: WorkerContext, verification_id: UUID) -> None:
    """Spend the one early call, unless it was spent, the callback came, or nobody knows the verification.

    Raises:
        OSError: PostgreSQL is away.
    """
    if await context.nudges.nudge(verification_id, now=context.clock()):
        await settle_one(context, verification_id)
