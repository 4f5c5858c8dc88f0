"""Explain a decision and compute it again from what is stored."""

import msgspec
from fastapi import APIRouter

from domain.policy.explanation import explain
from service.api.auth import GuardedRoute, Reader
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.models.policies import ExplanationModel
from service.api.responses import problems
from service.api.routes.verifications import AppId, BizId, find_verification

router = APIRouter(prefix="/v1/verifications", tags=["verifications"], route_class=GuardedRoute)


@router.get(
    "/{biz_id}/explanation",
    responses=problems(
        "unauthenticated", "missing_scope", "not_found", "app_id_required", "not_decided", "invalid_request"
    ),
)
async def explain_verification(
    biz_id: BizId, caller: Reader, context: Context, app_id: AppId = None
) -> ExplanationModel:
    """Why it was decided so: every rule, the facts, the policy's text, and the decision computed again."""
    record = await find_verification(context, caller, biz_id, app_id=app_id)
    decided = await context.stored.get(record.id)
    if decided is None:
        raise ApiProblem("not_decided")
    return ExplanationModel.model_validate(msgspec.to_builtins(explain(decided)))
