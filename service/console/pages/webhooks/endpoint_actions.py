"""What is done to an endpoint: test, rotate, enable, disable, recover, delete."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from domain.errors import BrokenSeal, EndpointChanged, EndpointNotEnabled, NoSuchEndpoint
from domain.events.webhooks.mistakes import EndpointRefused
from service.console.app.errors import NotFound
from service.console.app.forms.inputs import read_id, read_number
from service.console.app.forms.posted import Form
from service.console.app.languages import N_
from service.console.app.paths.views import read_time
from service.console.app.sessions import actor_of, apps_of
from service.console.app.templates import page
from service.console.app.words import domain as words
from service.console.context import Context
from service.console.pages.webhooks.endpoints import find, show
from service.console.pages.webhooks.keeping import SCOPE, UNREADABLE, Keeper

router = APIRouter()

_SEE_OTHER = 303

OVERLAPS = (24, 1, 168, 0)
"""Hours for which the earlier secret may stay valid; the first is the default."""
_NOT_ENABLED = N_("The endpoint is disabled. Enable it first.")
_CHANGED = N_(
    "Nothing was done: the endpoint was changed since you opened the form, perhaps by the same form. "
    "Look at it again."
)
_NO_TIME = N_("Give a time in the past 30 days.")


@router.post("/endpoints/{endpoint_id}/test")
async def try_endpoint(
    request: Request, context: Context, session: Keeper, endpoint_id: str, _form: Form
) -> Response:
    """Send a test event and show what came back."""
    key = read_id(endpoint_id)
    await find(context, session, key)
    try:
        trial = await context.webhooks.trials.send(
            key, apps_of(session, SCOPE, context.app_ids), actor=actor_of(request, session)
        )
    except BrokenSeal:
        return await show(request, context, session, key, problem=UNREADABLE, status=409)
    except NoSuchEndpoint:
        raise NotFound from None
    return await show(request, context, session, key, trial=trial)


@router.get("/endpoints/{endpoint_id}/rotate")
async def ask_for_rotation(request: Request, context: Context, session: Keeper, endpoint_id: str) -> Response:
    """For how long the earlier secret stays valid."""
    endpoint = await find(context, session, read_id(endpoint_id))
    return page(request, "webhooks/rotate.html", endpoint=endpoint, overlaps=OVERLAPS)


@router.post("/endpoints/{endpoint_id}/rotate")
async def rotate_endpoint(
    request: Request, context: Context, session: Keeper, endpoint_id: str, form: Form
) -> Response:
    """Give the endpoint a new secret and show it once. The same form again changes nothing."""
    key = read_id(endpoint_id)
    await find(context, session, key)
    hours = read_number(form["overlap"], default=OVERLAPS[0], most=max(OVERLAPS))
    try:
        shown = await context.webhooks.endpoints.rotate(
            key,
            apps_of(session, SCOPE, context.app_ids),
            overlap=timedelta(hours=hours),
            actor=actor_of(request, session),
            seen=read_time(form["seen"], context.zone) or context.clock(),
        )
    except (BrokenSeal, EndpointChanged, EndpointRefused) as error:
        return await show(request, context, session, key, problem=_problem_of(error), status=409)
    return page(request, "webhooks/secret.html", endpoint=shown.endpoint, secret=shown.secret)


@router.post("/endpoints/{endpoint_id}/enable")
async def enable_endpoint(
    request: Request, context: Context, session: Keeper, endpoint_id: str, _form: Form
) -> Response:
    """Enable the endpoint; an enabled one stays as it is."""
    endpoint = await find(context, session, read_id(endpoint_id))
    actor = actor_of(request, session)
    await context.webhooks.endpoints.enable(endpoint.id, [endpoint.app_id], actor=actor)
    return _back(endpoint.id, "enabled")


@router.get("/endpoints/{endpoint_id}/disable")
async def ask_to_disable(request: Request, context: Context, session: Keeper, endpoint_id: str) -> Response:
    """What disabling means."""
    endpoint = await find(context, session, read_id(endpoint_id))
    return page(request, "webhooks/disable.html", endpoint=endpoint)


@router.post("/endpoints/{endpoint_id}/disable")
async def disable_endpoint(
    request: Request, context: Context, session: Keeper, endpoint_id: str, _form: Form
) -> Response:
    """Disable the endpoint; a disabled one keeps its reason."""
    endpoint = await find(context, session, read_id(endpoint_id))
    actor = actor_of(request, session)
    await context.webhooks.endpoints.disable(endpoint.id, [endpoint.app_id], actor=actor)
    return _back(endpoint.id, "disabled")


@router.get("/endpoints/{endpoint_id}/delete")
async def ask_to_delete(request: Request, context: Context, session: Keeper, endpoint_id: str) -> Response:
    """What deleting means."""
    endpoint = await find(context, session, read_id(endpoint_id))
    return page(request, "webhooks/delete.html", endpoint=endpoint)


@router.post("/endpoints/{endpoint_id}/delete")
async def delete_endpoint(
    request: Request, context: Context, session: Keeper, endpoint_id: str, _form: Form
) -> Response:
    """Delete the endpoint with its secrets."""
    endpoint = await find(context, session, read_id(endpoint_id))
    actor = actor_of(request, session)
    await context.webhooks.endpoints.delete(endpoint.id, [endpoint.app_id], actor=actor)
    return RedirectResponse("/endpoints?deleted=yes", _SEE_OTHER)


@router.post("/endpoints/{endpoint_id}/recover")
async def recover_endpoint(
    request: Request, context: Context, session: Keeper, endpoint_id: str, form: Form
) -> Response:
    """Deliver the events since a time that the endpoint did not get. Again, it finds none that are left."""
    key, since = read_id(endpoint_id), read_time(form["since"], context.zone)
    endpoint = await find(context, session, key)
    if since is None or since > context.clock():
        return await show(request, context, session, key, problem=_NO_TIME, status=422)
    try:
        done = await context.webhooks.redeliveries.recover(
            key, [endpoint.app_id], since=since, actor=actor_of(request, session)
        )
    except (EndpointNotEnabled, NoSuchEndpoint):
        return await show(request, context, session, key, problem=_NOT_ENABLED, status=409)
    return _back(key, f"recovered-{done.count}{'-more' if done.more else ''}")


def _problem_of(error: Exception) -> str:
    if isinstance(error, EndpointRefused):
        return words.MISTAKES[error.code]
    return _CHANGED if isinstance(error, EndpointChanged) else UNREADABLE


def _back(endpoint_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/endpoints/{endpoint_id}?done={done}", _SEE_OTHER)
