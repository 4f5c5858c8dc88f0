"""Order and register verifications, so that one whose callback never comes is missed and asked for."""

from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Path, Response
from fastapi.exceptions import RequestValidationError

from domain.apps import App
from domain.errors import BrokenSeal
from domain.model import BIZ_ID_SHAPE, verification_id
from domain.orders import LONGEST_TOKEN
from domain.pulls.budget import RESULT_KEPT
from domain.records import Registered, Registration
from service.api.auth import Caller, GuardedRoute, Writer
from service.api.context import ApiContext, Context
from service.api.errors import ApiProblem
from service.api.models.orders import OrderedVerification, Registering, VerificationOrder
from service.api.models.verifications import EXAMPLE, VerificationModel
from service.api.responses import problems
from service.api.routes.verifications import find_verification

router = APIRouter(prefix="/v1/verifications", tags=["verifications"], route_class=GuardedRoute)
log = structlog.get_logger(__name__)

NewBizId = Annotated[str, Path(pattern=f"^{BIZ_ID_SHAPE.pattern}$", examples=[EXAMPLE["biz_id"]])]


@router.post(
    "",
    status_code=201,
    responses=problems(
        "unauthenticated", "missing_scope", "not_found", "app_id_required", "app_not_configured",
        "registration_conflict", "unreadable", "body_too_large", "invalid_request", "vendor_refused",
        "vendor_unavailable", "unavailable",
    ),
)  # fmt: skip
async def order_verification(
    order: VerificationOrder, caller: Writer, context: Context, response: Response
) -> OrderedVerification:
    """Get a token from the vendor for the app's own addresses, and register the verification.

    Every request makes a new one. The vendor requires a unique biz_no.
    """
    app = _app_of(context, caller, order.app_id)
    if app.notify_url is None or app.return_url is None:
        raise ApiProblem("app_not_configured")
    issued = await context.issuer.get_token(app, order.to_order())
    registration = Registration(order.biz_no, context.clock(), issued.expires_at)
    await _register(context, app.app_id, issued.biz_id, registration)
    log.info("verification.ordered", app_id=app.app_id, biz_id=issued.biz_id)
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
        201: {"model": VerificationModel, "description": "Registered: nobody knew it before"},
        **problems(
            "unauthenticated", "missing_scope", "not_found", "app_id_required", "registration_conflict",
            "unreadable", "invalid_request", "unavailable",
        ),
    },
)  # fmt: skip
async def register_verification(
    biz_id: NewBizId, registering: Registering, caller: Writer, context: Context, response: Response
) -> VerificationModel:
    """Register a verification whose token came from elsewhere. Repeating the request changes nothing."""
    app, now = _app_of(context, caller, registering.app_id), context.clock()
    # Whose token ended longer ago has no result at the vendor any more.
    if not now - RESULT_KEPT <= registering.expires_at <= now + LONGEST_TOKEN:
        raise RequestValidationError([{"loc": ("body", "expires_at"), "type": "out_of_bounds"}])
    registration = Registration(registering.biz_no, now, registering.expires_at)
    if await _register(context, app.app_id, biz_id, registration) is Registered.CREATED:
        response.status_code = 201
    response.headers["location"] = _location(app.app_id, biz_id)
    return VerificationModel.of(await find_verification(context, caller, biz_id, app_id=app.app_id))


async def _register(context: ApiContext, app_id: str, biz_id: str, registration: Registration) -> Registered:
    try:
        registered = await context.registrations.register(app_id, biz_id, registration)
    except BrokenSeal:
        raise ApiProblem("unreadable") from None
    if registered is Registered.CONFLICT:
        raise ApiProblem("registration_conflict")
    if registered is Registered.JOINED:
        # Its callback is there: it may have waited for this alone.
        await context.queue.settle_at(verification_id(app_id, biz_id), registration.registered_at)
    return registered


def _app_of(context: ApiContext, caller: Caller, app_id: str | None) -> App:
    """The app meant: the one named, or the only one that the caller may see."""
    mine = caller.narrowed(app_id)
    if not mine:
        raise ApiProblem("not_found")
    if len(mine) > 1:
        raise ApiProblem("app_id_required")
    return context.apps[mine[0]]


def _location(app_id: str, biz_id: str) -> str:
    return f"/v1/verifications/{quote(biz_id, safe='')}?app_id={quote(app_id, safe='')}"
