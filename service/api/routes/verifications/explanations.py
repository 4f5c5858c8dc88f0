"""Explain a decision and compute it again from what is stored."""

from typing import Final

import msgspec

from domain.policy.explanation import explain
from service.api.auth import guarded_router
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.lookups.finding import Verification
from service.api.models.policies import ExplanationModel
from service.api.responses import problems

router = guarded_router("/v1/verifications", tag="verifications")

_HIDDEN: Final = {"effective_outcome": None, "decided_by": None, "review": None}
"""What a person does not see before a blind second look."""


@router.get(
    "/{biz_id}/explanation",
    responses=problems("not_found", "app_id_required", "not_decided", "invalid_request"),
)
async def explain_verification(verification: Verification, context: Context) -> ExplanationModel:
    """Why it was decided so: every rule, the facts, the policy's text, and the decision computed again."""
    decided = await context.stored.get(verification.id)
    if decided is None:
        raise ApiProblem("not_decided")
    said = msgspec.to_builtins(explain(decided))
    return ExplanationModel.model_validate(said | _HIDDEN if verification.is_blind else said)
