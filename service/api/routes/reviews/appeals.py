"""Ask for a review: a user objects to a decision, or an operator wants a person to look."""

from typing import Annotated, Final

from fastapi import Security

from domain.reviews.case import Because
from domain.views.verifications import VerificationRecord
from service.api.auth import Caller, PersonWith, authenticate, guarded_router
from service.api.context import ApiContext, Context
from service.api.errors import ApiProblem
from service.api.lookups.finding import OperatedVerification, find_verification
from service.api.models.review_bodies import AppealBody
from service.api.models.reviews import OpenedModel
from service.api.responses import problems
from usecases.reviews.by import By

router = guarded_router("/v1/verifications", tag="reviews")


_PROBLEMS: Final = problems("not_found", "app_id_required", "not_decided", "unreadable", "invalid_request")


@router.post("/{biz_id}/appeals", status_code=201, responses=_PROBLEMS)
async def appeal(
    body: AppealBody,
    caller: Annotated[Caller, PersonWith("review")],
    verification: Annotated[VerificationRecord, Security(find_verification)],
    context: Context,
) -> OpenedModel:
    """Open a case of a decided verification, or note the appeal on its open case."""
    return await _open(verification, Because.APPEAL, body, caller, context)


@router.post("/{biz_id}/reviews", status_code=201, responses=_PROBLEMS)
async def ask_for_review(
    body: AppealBody,
    caller: Annotated[Caller, Security(authenticate, scopes=["operate"])],
    verification: OperatedVerification,
    context: Context,
) -> OpenedModel:
    """Open a case of a decided verification for a person, or note the request on its open case."""
    return await _open(verification, Because.OPERATOR, body, caller, context)


async def _open(
    verification: VerificationRecord, because: Because, body: AppealBody, caller: Caller, context: ApiContext
) -> OpenedModel:
    if verification.outcome is None:
        raise ApiProblem("not_decided")
    by = By(caller.actor, (verification.app_id,))
    return OpenedModel.of(await context.reviews.open(verification.biz_id, by, because, note=body.reason))
