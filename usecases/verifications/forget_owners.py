"""Delete owners of biz_ids that are no longer needed, at each sweep."""

from typing import Final

from domain.pulls.accounts import OWNER_KEPT
from usecases.context import WorkerContext

AT_ONCE: Final = 1000


async def forget_owners(context: WorkerContext) -> None:
    """Delete the owners of biz_ids whose flow is long over, in short transactions.

    Raises:
        ServerAway: PostgreSQL is away.
    """
    before = context.clock() - OWNER_KEPT
    while await context.owners.forget(before=before, limit=AT_ONCE) == AT_ONCE:
        pass
