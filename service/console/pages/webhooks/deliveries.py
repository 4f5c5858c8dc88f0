"""Deliveries of webhooks: the list, one with its attempts, and sending again."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from domain.errors import EndpointNotEnabled, NoSuchDelivery, TooManyDeliveries
from domain.events.webhooks.delivery import DeliveryState
from domain.people.session import Session
from domain.views.deliveries import DeliveryFilter, DeliveryView
from service.console.app.errors import NotFound
from service.console.app.forms.inputs import narrowed, read_id, read_number, read_word
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.paths.views import ListView, decode_cursor, encode_cursor, read_time, with_query
from service.console.app.sessions import actor_of, apps_of
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context
from service.console.pages.webhooks.keeping import SCOPE, Keeper

router = APIRouter()

PAGE = 50
NOTHING_DONE = -1
"""`done` of a page that follows no form."""
_SEE_OTHER = 303
_NOT_ENABLED = N_("The endpoint is disabled or deleted, so nothing can be sent to it.")


class View(ListView, frozen=True):
    """What the URL asks for; "" for a filter that is not set."""

    path = "/deliveries"

    app: str = ""
    endpoint: str = ""
    state: str = ""
    since: str = ""
    until: str = ""
    after: str = ""
    ended_before: str = ""

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "View":
        """The view in a query or in a form."""
        given = cls.given(values)
        return cls(**given | {"state": read_word(DeliveryState, given["state"]) or ""})

    @property
    def is_filtered(self) -> bool:
        """Whether a filter of the form is set."""
        return any((self.app, self.state, self.since, self.until))


@router.get("/deliveries")
async def list_deliveries(request: Request, context: Context, session: Keeper) -> Response:
    """Deliveries, newest first."""
    view = View.of(request.query_params)
    found = await context.webhooks.deliveries.page(
        _filter(view, context, session), limit=PAGE + 1, after=decode_cursor(view.after)
    )
    return page(
        request,
        "webhooks/deliveries.html",
        view=view,
        app_ids=apps_of(session, SCOPE, context.app_ids),
        deliveries=found[:PAGE],
        next=view.url(after=encode_cursor(_position(found[PAGE - 1]))) if len(found) > PAGE else "",
        done=read_number(request.query_params.get("done", ""), default=NOTHING_DONE),
        more=request.query_params.get("more") == "yes",
    )


@router.get("/deliveries/redeliver")
async def ask_to_redeliver(request: Request, context: Context, session: Keeper) -> Response:
    """How many deliveries would be sent again; nothing is done yet."""
    view = View.of(request.query_params)
    found = await context.webhooks.redeliveries.count(_filter(view, context, session))
    return page(request, "webhooks/redeliver.html", view=view, found=found)


@router.post("/deliveries/redeliver")
async def redeliver_all(request: Request, context: Context, session: Keeper, form: Form) -> Response:
    """Send those that have ended again. A second time, they are pending and stay as they are."""
    view = View.of(form)
    try:
        done = await context.webhooks.redeliveries.all(
            _filter(view, context, session), actor=actor_of(request, session)
        )
    except TooManyDeliveries:
        return RedirectResponse(view.url("/deliveries/redeliver"), _SEE_OTHER)
    to = msgspec.structs.asdict(view) | {"done": str(done.count), "more": "yes" if done.more else ""}
    to |= {"state": "", "after": "", "ended_before": ""}
    return RedirectResponse(with_query("/deliveries", to), _SEE_OTHER)


@router.get("/deliveries/{delivery_id}")
async def show_delivery(request: Request, context: Context, session: Keeper, delivery_id: str) -> Response:
    """One delivery with its attempts."""
    return await _show(request, context, session, read_id(delivery_id))


@router.post("/deliveries/{delivery_id}/redeliver")
async def redeliver(
    request: Request, context: Context, session: Keeper, delivery_id: str, _form: Form
) -> Response:
    """Send it again now. One that is due already stays so."""
    key, app_ids = read_id(delivery_id), apps_of(session, SCOPE, context.app_ids)
    try:
        await context.webhooks.redeliveries.one(key, app_ids, actor=actor_of(request, session))
    except NoSuchDelivery:
        raise NotFound from None
    except EndpointNotEnabled:
        return await _show(request, context, session, key, problem=_NOT_ENABLED, status=409)
    return RedirectResponse(f"/deliveries/{key}?done=yes", _SEE_OTHER)


async def _show(
    request: Request,
    context: ConsoleContext,
    session: Session,
    delivery_id: UUID,
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    app_ids = apps_of(session, SCOPE, context.app_ids)
    found = await context.webhooks.deliveries.find(delivery_id, app_ids)
    if found is None:
        raise NotFound
    return page(
        request,
        "webhooks/delivery.html",
        status=status,
        delivery=found.delivery,
        attempts=found.attempts,
        problem=problem,
        is_done=request.query_params.get("done") == "yes",
    )


def _filter(view: View, context: ConsoleContext, session: Session) -> DeliveryFilter:
    return DeliveryFilter(
        tuple(narrowed(session, SCOPE, context.app_ids, view.app)),
        read_id(view.endpoint) if view.endpoint else None,
        read_word(DeliveryState, view.state),
        read_time(view.since, context.zone),
        read_time(view.until, context.zone),
        read_time(view.ended_before, context.zone),
    )


def _position(delivery: DeliveryView) -> tuple[datetime, UUID]:
    return delivery.created_at, delivery.id
