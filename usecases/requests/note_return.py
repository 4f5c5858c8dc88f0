"""A user's browser came back: whether to look early at a verification whose callback has not come."""

from uuid import UUID

from usecases.context import WorkerContext


async def note_return(context: WorkerContext, verification_id: UUID) -> bool:
    """Make the verification due for its one early call; whether that was done.

    Nothing is done if that call was spent, the callback has come, or the verification is not registered.

    Raises:
        ServerAway: PostgreSQL is away.
    """
    return await context.return_hints.note_return(verification_id, now=context.clock())
