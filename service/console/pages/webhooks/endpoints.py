"""Webhook endpoints: the list, one of them with its newest deliveries, and a new one."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from starlette.datastructures import QueryParams
from starlette.responses import Response

from domain.errors import EndpointExists, NoSuchEndpoint
from domain.events.bodies import Format
from domain.events.webhooks.checks import MAX_TYPES, MAX_URL
from domain.events.webhooks.delivery import Attempt
from domain.events.webhooks.endpoint import ALL_TYPES, Endpoint, EndpointSettings, EndpointState
from domain.events.webhooks.mistakes import EndpointRefused
from domain.events.webhooks.signing import Signature
from domain.model import Outcome
from domain.people.session import Session
from domain.views.deliveries import DeliveryFilter
from service.console.app.errors import NotFound
from service.console.app.forms.inputs import narrowed, read_id, read_word
from service.console.app.forms.posted import Form, Posted
from service.console.app.languages import N_
from service.console.app.sessions import actor_of, apps_of, needs
from service.console.app.templates import page
from service.console.app.views import ListView, decode_cursor, encode_cursor
from service.console.app.words import domain as words
from service.console.context import ConsoleContext, Context

router = APIRouter()

PAGE = 50
NEWEST = 10
"""Deliveries on the page of an endpoint."""
_SCOPE = "endpoints"
Keeper = Annotated[Session, needs(_SCOPE)]

_NO_APP = N_("Choose one of your apps.")
_BAD_FORM = N_("A field has a value that is not allowed.")
_DONE_BEFORE = N_(
    "This form was sent before: the endpoint exists, and its secret was shown then. If nobody kept it, "
    "rotate the secret."
)


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
        narrowed(session, _SCOPE, context.app_ids, view.app),
        state=read_word(EndpointState, view.state),
        limit=PAGE + 1,
        after=decode_cursor(view.after),
    )
    return page(
        request,
        "webhooks/endpoints.html",
        view=view,
        app_ids=apps_of(session, _SCOPE, context.app_ids),
        endpoints=found[:PAGE],
        next=view.url(after=encode_cursor(_position(found[PAGE - 1]))) if len(found) > PAGE else "",
        is_deleted=request.query_params.get("deleted") == "yes",
    )


@router.get("/endpoints/new")
async def ask_for_endpoint(request: Request, context: Context, session: Keeper) -> Response:
    """The form of a new endpoint."""
    return _form(request, context, session, {"id": str(uuid4()), "types": "*"})


@router.post("/endpoints/new")
async def create_endpoint(request: Request, context: Context, session: Keeper, form: Form) -> Response:
    """Create an endpoint and show its secret once. The same form again creates nothing."""
    endpoint_id, app_id = read_id(form["id"]), form["app"]
    actor = actor_of(request, session)
    if app_id not in apps_of(session, _SCOPE, context.app_ids):
        return _form(request, context, session, dict(form), problem=_NO_APP)
    settings = _settings(form)
    if settings is None:
        return _form(request, context, session, dict(form), problem=_BAD_FORM)
    try:
        shown = await context.webhooks.endpoints.create(
            app_id, settings, actor=actor, endpoint_id=endpoint_id
        )
    except EndpointRefused as error:
        return _form(request, context, session, dict(form), problem=words.MISTAKES[error.code])
    except EndpointExists:
        return await show(request, context, session, endpoint_id, problem=_DONE_BEFORE, status=409)
    return page(request, "webhooks/secret.html", status=201, endpoint=shown.endpoint, secret=shown.secret)


@router.get("/endpoints/{endpoint_id}")
async def show_endpoint(request: Request, context: Context, session: Keeper, endpoint_id: str) -> Response:
    """One endpoint: settings without what is secret, health, newest deliveries, actions."""
    return await show(request, context, session, read_id(endpoint_id))


async def find(context: ConsoleContext, session: Session, endpoint_id: UUID) -> Endpoint:
    """The endpoint, if it belongs to an app of the person. Raises NotFound."""
    app_ids = apps_of(session, _SCOPE, context.app_ids)
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


def _form(
    request: Request, context: ConsoleContext, session: Session, fields: dict[str, str], *, problem: str = ""
) -> Response:
    names = ("id", "app", "url", "types", "outcome", "format", "signature")
    return page(
        request,
        "webhooks/new.html",
        status=422 if problem else 200,
        fields={name: fields.get(name, "") for name in names},
        app_ids=apps_of(session, _SCOPE, context.app_ids),
        problem=problem,
    )


def _settings(form: Posted) -> EndpointSettings | None:
    """The settings that a form asks for; None if a field cannot be meant."""
    types = tuple(form["types"].replace(",", " ").split()) or ALL_TYPES
    outcomes = tuple(word for text in form.all("outcome") if (word := read_word(Outcome, text)))
    body_format, signature = read_word(Format, form["format"]), read_word(Signature, form["signature"])
    if body_format is None or signature is None or len(form["url"]) > MAX_URL or len(types) > MAX_TYPES:
        return None
    return EndpointSettings(
        url=form["url"], types=types, outcomes=outcomes or None, format=body_format, signature=signature
    )


def _position(endpoint: Endpoint) -> tuple[datetime, UUID]:
    return endpoint.created_at, endpoint.id
