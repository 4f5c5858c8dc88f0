"""Appeals: a user objects to a decision, so a person must look."""

from typing import Annotated

from fastapi import Security

from domain.reviews.case import Because
from domain.views.verifications import VerificationRecord
from service.api.auth import Caller, PersonWith, guarded_router
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.lookups.finding import find_verification
from service.api.models.review_bodies import AppealBody
from service.api.models.reviews import OpenedModel
from service.api.responses import problems
from usecases.reviews.by import By

router = guarded_router("/v1/verifications", tag="reviews")


@router.post(
    "/{biz_id}/appeals",
    status_code=201,
    responses=problems("not_found", "app_id_required", "not_decided", "unreadable", "invalid_request"),
)
async def appeal(
    body: AppealBody,
    caller: Annotated[Caller, PersonWith("review")],
    verification: Annotated[VerificationRecord, Security(find_verification)],
    context: Context,
) -> OpenedModel:
    """Open a case of a decided verification, or note the appeal on its open case."""
    if verification.outcome is None:
        raise ApiProblem("not_decided")
    by = By(caller.actor, (verification.app_id,))
    opened = await context.reviews.open(verification.biz_id, by, Because.APPEAL, note=body.reason)
    return OpenedModel.of(opened)
