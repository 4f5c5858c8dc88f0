"""Reconcile now: have workers look at once at due verifications without a callback."""

from collections.abc import Sequence
from datetime import datetime

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.people.actor import Actor
from usecases.ports.audit import AuditLog
from usecases.ports.schedule import Looks, SilentVerifications


async def reconcile_now(
    silent: SilentVerifications,
    looks: Looks,
    audit: AuditLog,
    app_ids: Sequence[str] | None,
    *,
    now: datetime,
    limit: int,
    actor: Actor,
) -> int:
    """Hand up to `limit` due verifications of these apps (None: of all) to the workers; returns their number.
    The audit has who asked before the first is handed over.

    Raises:
        ServerAway: PostgreSQL or Redis is away; verifications handed over before that stay scheduled.
    """
    detail = {"apps": None if app_ids is None else [*app_ids], "limit": limit}
    await audit.note(AuditRow.by(actor, Action.RECONCILED, detail=detail))
    due = await silent.due_ids(app_ids, now=now, limit=limit)
    for verification_id in due:
        await looks.order_look(verification_id, now)
    return len(due)
