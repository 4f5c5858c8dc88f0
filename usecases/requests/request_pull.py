"""Request a pull: an operator spends one get_result call, even the last one."""

from datetime import datetime
from uuid import UUID

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import PullRefused
from domain.people.actor import Actor
from usecases.ports.pulls import PullRequests
from usecases.ports.schedule import Looks


async def request_pull(
    requests: PullRequests, looks: Looks, verification_id: UUID, *, now: datetime, actor: Actor
) -> None:
    """Have a worker spend one call on an existing verification now. Timeline and audit name the actor.

    Raises:
        PullRefused: no call may be spent now.
        ServerAway: PostgreSQL is away.
    """
    row = AuditRow.by(actor, Action.PULL_REQUESTED)
    refusal = await requests.ask(verification_id, now=now, by=str(actor), audit=row)
    if refusal is not None:
        wait = None if refusal.retry_at is None else refusal.retry_at - now
        raise PullRefused(refusal.code, retry_after=wait)
    await looks.look_at(verification_id, now)
