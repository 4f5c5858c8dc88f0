"""Spend one get_result call on an operator's request, even the last one."""

from service.api.auth import Operator, guarded_router
from service.api.context import Context
from service.api.lookups.finding import OperatedVerification
from service.api.models.verifications import Accepted
from service.api.responses import problems
from usecases.requests.request_pull import request_pull

router = guarded_router("/v1/verifications", tag="verifications")


@router.post(
    "/{biz_id}/pull",
    status_code=202,
    responses=problems(
        "not_found", "app_id_required", "no_pull_left", "pull_too_early",
        "flow_not_ended", "not_registered", "invalid_request", "unavailable",
    ),
)  # fmt: skip
async def pull_result(verification: OperatedVerification, caller: Operator, context: Context) -> Accepted:
    """Spend one call now: a worker asks the vendor, then decides. An existing decision does not change.

    The timeline shows the answer. `Retry-After` says when asking again may help.
    """
    await request_pull(
        context.pull_requests,
        context.looks,
        verification.id,
        now=context.clock(),
        actor=caller.actor,
    )
    return Accepted()
