"""Erase the identity of a verification, see what is kept of it, hold it."""

from typing import Annotated

from fastapi import Security

from domain.views.verifications import VerificationRecord
from service.api.auth import Caller, authenticate, guarded_router
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.lookups.finding import Named, find_erasable, find_verification
from service.api.models.identity import ErasureModel, HoldModel, ReasonBody, ReceiptModel
from service.api.responses import problems

router = guarded_router("/v1/verifications", tag="identity")

Eraser = Annotated[Caller, Security(authenticate, scopes=["erase"])]
Erasable = Annotated[Named, Security(find_erasable, scopes=["erase"])]
Holdable = Annotated[VerificationRecord, Security(find_verification, scopes=["erase"])]


@router.post(
    "/{biz_id}/erasure",
    responses=problems(
        "not_found",
        "app_id_required",
        "legal_hold",
        "no_key_store",
        "invalid_request",
        "reason_has_number",
        "unavailable",
    ),
)
async def erase_verification(
    body: ReasonBody, verification: Erasable, caller: Eraser, context: Context
) -> ReceiptModel:
    """Erase its identity for good. Decision, facts and explanation stay. Where no verification is recorded,
    the dead letters that name it are erased.

    A repeated request gets the same receipt. After a 503 either nothing has happened, or a worker completes
    the erasure: ask again.
    """
    receipt = await context.erasures.erase(
        verification.app_id, verification.biz_id, actor=caller.actor, reason=body.reason
    )
    return ReceiptModel.of(receipt)


@router.get(
    "/{biz_id}/erasure",
    responses=problems("not_found", "app_id_required", "invalid_request", "unavailable"),
)
async def explain_erasure(verification: Erasable, context: Context) -> ErasureModel:
    """What each place holds of its identity, the legal hold, and the receipt."""
    return ErasureModel.of(await context.erasures.explain(verification.app_id, verification.biz_id))


@router.put(
    "/{biz_id}/hold",
    responses=problems(
        "not_found",
        "app_id_required",
        "already_erased",
        "invalid_request",
        "reason_has_number",
        "unavailable",
    ),
)
async def hold_verification(
    body: ReasonBody, verification: Holdable, caller: Eraser, context: Context
) -> HoldModel:
    """Place a legal hold: nothing is erased, by request or by age. The first hold stays."""
    hold = await context.erasures.hold(
        verification.app_id, verification.biz_id, actor=caller.actor, reason=body.reason
    )
    return HoldModel.of(hold)


@router.delete(
    "/{biz_id}/hold",
    status_code=204,
    responses=problems("not_found", "app_id_required", "invalid_request", "reason_has_number", "unavailable"),
)
async def lift_hold(body: ReasonBody, verification: Holdable, caller: Eraser, context: Context) -> None:
    """Lift the legal hold. Retention looks at the verification again. 404 if there is none."""
    done = await context.erasures.lift(
        verification.app_id, verification.biz_id, actor=caller.actor, reason=body.reason
    )
    if not done:
        raise ApiProblem("not_found")
