"""Order and register verifications, so that the gateway notices a missing callback and pulls the result."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Path, Response

from domain.apps.app import App
from domain.apps.registration import Registered, Registration
from domain.model import BIZ_ID_SHAPE
from service.api.auth import Caller, Writer, guarded_router
from service.api.context import ApiContext, Context
from service.api.errors import ApiProblem
from service.api.lookups.finding import find_verification
from service.api.models.orders import OrderedVerification, Registering, VerificationOrder
from service.api.models.verifications import EXAMPLE, VerificationModel
from service.api.responses import problems
from usecases.requests.order_verification import OrderParts, order_and_register
from usecases.requests.register_verification import register

router = guarded_router("/v1/verifications", tag="verifications")

NewBizId = Annotated[str, Path(pattern=f"^{BIZ_ID_SHAPE.pattern}$", examples=[EXAMPLE["biz_id"]])]


@router.post(
    "",
    status_code=201,
    responses=problems(
        "not_found", "app_id_required", "app_not_configured",
        "registration_conflict", "unreadable", "body_too_large", "invalid_request", "vendor_refused",
        "vendor_unavailable", "unavailable", "number_limit",
    ),
)  # fmt: skip
async def order_verification(
    order: VerificationOrder, caller: Writer, context: Context, response: Response
) -> OrderedVerification:
    """Get a token from the vendor for the app's own addresses, and register the verification.

    Every request makes a new one. The vendor requires a unique biz_no.
    """
    app = _app_of(context, caller, order.app_id)
    issued = await order_and_register(
        app,
        order.to_order(),
        OrderParts(
            issuer=context.issuer,
            registrations=context.registrations,
            numbers=context.numbers,
            looks=context.looks,
            clock=context.clock,
        ),
        actor=caller.actor,
    )
    response.headers["location"] = _location(app.app_id, issued.biz_id)
    response.headers["cache-control"] = "no-store"
    return OrderedVerification(
        app_id=app.app_id,
        biz_id=issued.biz_id,
        biz_no=order.biz_no,
        token=issued.token,
        url=f"{app.vendor_url}/do?token={quote(issued.token, safe='')}",
        expires_at=issued.expires_at,
    )


@router.put(
    "/{biz_id}",
    responses={
        201: {"model": VerificationModel, "description": "Registered; it was unknown before"},
        **problems(
            "not_found", "app_id_required", "registration_conflict",
            "unreadable", "invalid_request", "unavailable",
        ),
    },
)  # fmt: skip
async def register_verification(
    biz_id: NewBizId, registering: Registering, caller: Writer, context: Context, response: Response
) -> VerificationModel:
    """Register a verification whose token came from elsewhere. Repeating the request changes nothing."""
    app = _app_of(context, caller, registering.app_id)
    registered = await register(
        context.registrations,
        context.looks,
        app_id=app.app_id,
        biz_id=biz_id,
        registration=Registration(registering.biz_no, context.clock(), registering.expires_at),
        actor=caller.actor,
    )
    if registered is Registered.CREATED:
        response.status_code = 201
    response.headers["location"] = _location(app.app_id, biz_id)
    return VerificationModel.of(await find_verification(biz_id, caller, context, app.app_id))


def _app_of(context: ApiContext, caller: Caller, app_id: str | None) -> App:
    """The named app, or the only one that the caller may see."""
    mine = caller.narrowed(app_id)
    if not mine:
        raise ApiProblem("not_found")
    if len(mine) > 1:
        raise ApiProblem("app_id_required")
    return context.apps[mine[0]]


def _location(app_id: str, biz_id: str) -> str:
    return f"/v1/verifications/{quote(biz_id, safe='')}?app_id={quote(app_id, safe='')}"
