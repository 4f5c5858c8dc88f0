"""Webhook endpoints: create, list, change, rotate, enable, disable, delete."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from domain.events.webhooks.endpoint import EndpointState
from domain.events.webhooks.mistakes import Mistake
from service.api.auth import Caller, EndpointKeeper, guarded_router
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.lookups.cursors import decode_cursor, encode_cursor
from service.api.models.endpoints import (
    EndpointChange,
    EndpointModel,
    EndpointPage,
    EndpointWithSecret,
    NewEndpoint,
    Rotation,
)
from service.api.responses import problems

router = guarded_router("/v1/endpoints", tag="webhooks")

_OF_ANY_CHANGE = tuple(
    each for each in Mistake if each not in {Mistake.TOO_MANY_ENDPOINTS, Mistake.TOO_MANY_SECRETS}
)


class EndpointQuery(BaseModel):
    """The filters and the page of a list."""

    model_config = ConfigDict(extra="forbid")

    app_id: str | None = None
    state: EndpointState | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None


@router.post(
    "",
    status_code=201,
    responses=problems(
        "app_id_required",
        *_OF_ANY_CHANGE,
        Mistake.TOO_MANY_ENDPOINTS,
        "not_found",
        "invalid_request",
        "unavailable",
    ),
)
async def create_endpoint(
    new: NewEndpoint, caller: EndpointKeeper, context: Context, response: Response
) -> EndpointWithSecret:
    """Create an endpoint, which gets the events from now on. The answer alone shows its secret."""
    shown = await context.endpoints.create(
        _app_of(caller, new.app_id), new.to_settings(), extra=new.to_extra(), actor=caller.actor
    )
    response.headers["location"] = f"/v1/endpoints/{shown.endpoint.id}"
    response.headers["cache-control"] = "no-store"
    return EndpointWithSecret.with_secret(shown)


@router.get("", responses=problems("bad_cursor", "invalid_request", "unavailable"))
async def list_endpoints(
    caller: EndpointKeeper, context: Context, query: Annotated[EndpointQuery, Query()]
) -> EndpointPage:
    """Endpoints, newest first."""
    found = await context.endpoints.page(
        caller.narrowed(query.app_id),
        state=query.state,
        limit=query.limit + 1,
        after=decode_cursor(query.cursor),
    )
    page = found[: query.limit]
    more = len(found) > query.limit
    return EndpointPage(
        items=[EndpointModel.of(endpoint) for endpoint in page],
        next_cursor=encode_cursor((page[-1].created_at, page[-1].id)) if more else None,
    )


@router.get("/{endpoint_id}", responses=problems("not_found", "invalid_request", "unavailable"))
async def get_endpoint(endpoint_id: UUID, caller: EndpointKeeper, context: Context) -> EndpointModel:
    """One endpoint."""
    return EndpointModel.of(await context.endpoints.find(endpoint_id, caller.app_ids))


@router.patch(
    "/{endpoint_id}",
    responses=problems(*_OF_ANY_CHANGE, "not_found", "unreadable", "invalid_request", "unavailable"),
)
async def change_endpoint(
    endpoint_id: UUID, change: EndpointChange, caller: EndpointKeeper, context: Context
) -> EndpointModel:
    """Change an endpoint; what is left out stays. Events that wait for it are sent by the new settings."""
    changed = await context.endpoints.change(
        endpoint_id, caller.app_ids, change.to_changes(), actor=caller.actor
    )
    return EndpointModel.of(changed)


@router.delete(
    "/{endpoint_id}", status_code=204, responses=problems("not_found", "invalid_request", "unavailable")
)
async def delete_endpoint(endpoint_id: UUID, caller: EndpointKeeper, context: Context) -> None:
    """Delete an endpoint with its secrets. Events that wait for it are not sent."""
    await context.endpoints.delete(endpoint_id, caller.app_ids, actor=caller.actor)


@router.post(
    "/{endpoint_id}/rotate-secret",
    responses=problems("not_found", "unreadable", Mistake.TOO_MANY_SECRETS, "invalid_request", "unavailable"),
)
async def rotate_endpoint_secret(
    endpoint_id: UUID,
    caller: EndpointKeeper,
    context: Context,
    response: Response,
    rotation: Rotation | None = None,
) -> EndpointWithSecret:
    """Give an endpoint a new secret, and a new ed25519 key if it has one. For `overlap` seconds events are
    signed by the earlier secret too; with 0, every earlier secret ends now.
    """
    overlap = (rotation or Rotation()).to_overlap()
    shown = await context.endpoints.rotate(endpoint_id, caller.app_ids, overlap=overlap, actor=caller.actor)
    response.headers["cache-control"] = "no-store"
    return EndpointWithSecret.with_secret(shown)


@router.post("/{endpoint_id}/enable", responses=problems("not_found", "invalid_request", "unavailable"))
async def enable_endpoint(endpoint_id: UUID, caller: EndpointKeeper, context: Context) -> EndpointModel:
    """Enable an endpoint, which gets the events from now on. An enabled one stays as it is."""
    enabled = await context.endpoints.enable(endpoint_id, caller.app_ids, actor=caller.actor)
    return EndpointModel.of(enabled)


@router.post("/{endpoint_id}/disable", responses=problems("not_found", "invalid_request", "unavailable"))
async def disable_endpoint(endpoint_id: UUID, caller: EndpointKeeper, context: Context) -> EndpointModel:
    """Disable an endpoint, which gets no more events. A disabled one keeps its reason."""
    disabled = await context.endpoints.disable(endpoint_id, caller.app_ids, actor=caller.actor)
    return EndpointModel.of(disabled)


def _app_of(caller: Caller, app_id: str | None) -> str:
    """The named app, or the only one that the caller may see."""
    mine = caller.narrowed(app_id)
    if not mine:
        raise ApiProblem("not_found")
    if len(mine) > 1:
        raise ApiProblem("app_id_required")
    return mine[0]
