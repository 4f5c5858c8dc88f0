"""Request a pull: an operator spends one get_result call, even the last one."""

from datetime import datetime
from uuid import UUID

from domain.errors import PullRefused
from usecases.ports.pulls import PullRequests
from usecases.ports.schedule import Looks


async def request_pull(
    requests: PullRequests, looks: Looks, verification_id: UUID, *, now: datetime, by: str
) -> None:
    """Have a worker spend one call on an existing verification now. `by`: the name of the caller's token.

    Raises:
        PullRefused: no call may be spent now.
        ServerAway: PostgreSQL is away.
    """
    refusal = await requests.ask(verification_id, now=now, by=by)
    if refusal is not None:
        wait = None if refusal.retry_at is None else refusal.retry_at - now
        raise PullRefused(refusal.code, retry_after=wait)
    await looks.look_at(verification_id, now)
