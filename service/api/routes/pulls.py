"""Spend one get_result call on request: an operator's way to the last one."""

from datetime import datetime
from math import ceil

from fastapi import APIRouter

from service.api.auth import GuardedRoute, Operator
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.models.verifications import Accepted
from service.api.responses import problems
from service.api.routes.verifications import AppId, BizId, find_verification

router = APIRouter(prefix="/v1/verifications", tags=["verifications"], route_class=GuardedRoute)


@router.post(
    "/{biz_id}/pull",
    status_code=202,
    responses=problems(
        "unauthenticated", "missing_scope", "not_found", "app_id_required", "no_pull_left", "pull_too_early",
        "flow_not_ended", "not_registered", "invalid_request", "unavailable",
    ),
)  # fmt: skip
async def pull_result(biz_id: BizId, caller: Operator, context: Context, app_id: AppId = None) -> Accepted:
    """Spend one call now: a worker asks the vendor, then decides. An existing decision does not change.

    The timeline shows the answer. `Retry-After` says when asking again may help.
    """
    record = await find_verification(context, caller, biz_id, app_id=app_id)
    now = context.clock()
    refusal = await context.pull_requests.ask(record.id, now=now, by=caller.token.name)
    if refusal is not None:
        raise ApiProblem(refusal.code, retry_after=_seconds_until(refusal.retry_at, now))
    await context.queue.settle_at(record.id, now)
    return Accepted()


def _seconds_until(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else max(1, ceil((at - now).total_seconds()))
