"""Reconcile now: let workers look at once at the silent verifications that are due."""

from collections.abc import Sequence
from datetime import datetime

from usecases.ports.schedule import Looks, SilentVerifications


async def reconcile_now(
    silent: SilentVerifications, looks: Looks, app_ids: Sequence[str] | None, *, now: datetime, limit: int
) -> int:
    """Hand up to `limit` due ones of these apps (None: of all) to the workers; how many there were.

    Raises:
        ServerAway: PostgreSQL or Redis is away; those handed over before stay so.
    """
    due = await silent.due_ids(app_ids, now=now, limit=limit)
    for verification_id in due:
        await looks.order_look(verification_id, now)
    return len(due)
