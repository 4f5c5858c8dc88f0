"""A user's browser came back: look at once, where no callback of a registered verification has come."""

from uuid import UUID

from usecases.context import WorkerContext
from workers.settling import Settling


async def look_early(context: WorkerContext, settling: Settling, verification_id: UUID) -> None:
    """Spend the one early call, unless it was spent, the callback came, or nobody knows the verification.

    Raises:
        ServerAway: PostgreSQL is away.
    """
    if await context.nudges.nudge(verification_id, now=context.clock()):
        await settling.claim_one(verification_id)
