"""Delete claims of biz_ids that are no longer needed, at each sweep."""

from typing import Final

from domain.apps.accounts import OWNER_KEPT
from usecases.context import WorkerContext

AT_ONCE: Final = 1000


async def forget_claims(context: WorkerContext) -> None:
    """Delete the claims of biz_ids whose flow is long over, in short transactions.

    Raises:
        OSError: PostgreSQL is away.
    """
    before = context.clock() - OWNER_KEPT
    while await context.claims.forget(before=before, limit=AT_ONCE) == AT_ONCE:
        pass
