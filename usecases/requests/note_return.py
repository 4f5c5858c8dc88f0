"""A user's browser came back: look early at a verification whose callback has not arrived."""

from uuid import UUID

from usecases.context import WorkerContext


async def note_return(context: WorkerContext, verification_id: UUID) -> bool:
    """Make the verification due for its one early call. Returns whether it did.

    It does nothing if that call is spent, the callback has arrived, or the verification is not registered.

    Raises:
        ServerAway: PostgreSQL is away.
    """
    return await context.return_hints.note_return(verification_id, now=context.clock())
