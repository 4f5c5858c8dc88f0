"""Webhook endpoints: the list, one of them with its newest deliveries."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from domain.errors import NoSuchEndpoint
from domain.events.webhooks.delivery import Attempt
from domain.events.webhooks.endpoint import Endpoint, EndpointState
from domain.people.session import Session
from domain.views.deliveries import DeliveryFilter
from service.console.app.errors import NotFound
from service.console.app.forms.inputs import narrowed, read_id, read_word
from service.console.app.paths.views import ListView, decode_cursor, encode_cursor
from service.console.app.sessions import apps_of
from service.console.app.templates import page
from service.console.context import ConsoleContext, Context
from service.console.pages.webhooks.keeping import SCOPE, Keeper

router = APIRouter()

PAGE = 50
NEWEST = 10
"""Deliveries on the page of an endpoint."""


class View(ListView, frozen=True):
    """What the URL asks for; "" for a filter that is not set."""

    path = "/endpoints"

    app: str = ""
    state: str = ""
    after: str = ""

    @classmethod
    def of(cls, query: QueryParams) -> "View":
        """The view in a query."""
        given = cls.given(query)
        return cls(**given | {"state": read_word(EndpointState, given["state"]) or ""})


@router.get("/endpoints")
async def list_endpoints(request: Request, context: Context, session: Keeper) -> Response:
    """Endpoints with their health, newest first."""
    view = View.of(request.query_params)
    found = await context.webhooks.endpoints.page(
        narrowed(session, SCOPE, context.app_ids, view.app),
        state=read_word(EndpointState, view.state),
        limit=PAGE + 1,
        after=decode_cursor(view.after),
    )
    return page(
        request,
        "webhooks/endpoints.html",
        view=view,
        app_ids=apps_of(session, SCOPE, context.app_ids),
        endpoints=found[:PAGE],
        next=view.url(after=encode_cursor(_position(found[PAGE - 1]))) if len(found) > PAGE else "",
        is_deleted=request.query_params.get("deleted") == "yes",
    )


@router.get("/endpoints/{endpoint_id}")
async def show_endpoint(request: Request, context: Context, session: Keeper, endpoint_id: str) -> Response:
    """One endpoint: settings without what is secret, health, newest deliveries, actions."""
    return await show(request, context, session, read_id(endpoint_id))


async def find(context: ConsoleContext, session: Session, endpoint_id: UUID) -> Endpoint:
    """The endpoint, if it belongs to an app of the person. Raises NotFound."""
    app_ids = apps_of(session, SCOPE, context.app_ids)
    try:
        return await context.webhooks.endpoints.find(endpoint_id, app_ids)
    except NoSuchEndpoint:
        raise NotFound from None


async def show(
    request: Request,
    context: ConsoleContext,
    session: Session,
    endpoint_id: UUID,
    *,
    problem: str = "",
    trial: Attempt | None = None,
    status: int = 200,
) -> Response:
    """The page of an endpoint. `trial`: how a test event ended."""
    endpoint = await find(context, session, endpoint_id)
    which = DeliveryFilter((endpoint.app_id,), endpoint.id)
    return page(
        request,
        "webhooks/endpoint.html",
        status=status,
        endpoint=endpoint,
        deliveries=await context.webhooks.deliveries.page(which, limit=NEWEST),
        problem=problem,
        trial=trial,
        done=request.query_params.get("done", ""),
    )


def _position(endpoint: Endpoint) -> tuple[datetime, UUID]:
    return endpoint.created_at, endpoint.id
