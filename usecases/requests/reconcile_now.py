"""Reconcile now: have workers look at once at due verifications without a callback."""

from collections.abc import Sequence
from datetime import datetime

from usecases.ports.schedule import Looks, SilentVerifications


async def reconcile_now(
    silent: SilentVerifications, looks: Looks, app_ids: Sequence[str] | None, *, now: datetime, limit: int
) -> int:
    """Hand up to `limit` due verifications of these apps (None: of all) to the workers; returns their number.

    Raises:
        ServerAway: PostgreSQL or Redis is away; verifications handed over before that stay scheduled.
    """
    due = await silent.due_ids(app_ids, now=now, limit=limit)
    for verification_id in due:
        await looks.order_look(verification_id, now)
    return len(due)
