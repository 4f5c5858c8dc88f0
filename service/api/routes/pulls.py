"""Spend one get_result call on request: an operator's way to the last one."""

from fastapi import APIRouter

from service.api.auth import GuardedRoute, Operator
from service.api.context import Context
from service.api.models.verifications import Accepted
from service.api.responses import problems
from service.api.routes.verifications import AppId, BizId, find_verification
from usecases.request_pull import request_pull

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
    await request_pull(
        context.pull_requests, context.queue, record.id, now=context.clock(), by=caller.token.name
    )
    return Accepted()
