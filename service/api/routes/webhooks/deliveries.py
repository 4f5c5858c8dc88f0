"""Deliveries of webhooks: list, show with attempts, send again."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.events.webhooks.delivery import DeliveryState
from domain.views.deliveries import DeliveryFilter
from service.api.auth import EndpointKeeper, guarded_router
from service.api.context import Context
from service.api.errors import ApiProblem
from service.api.lookups.cursors import decode_cursor, encode_cursor
from service.api.models.deliveries import (
    BulkRedelivery,
    DeliveryModel,
    DeliveryPage,
    DeliveryWithAttemptsModel,
    RestartedModel,
)
from service.api.models.verifications import Accepted
from service.api.responses import problems

router = guarded_router("/v1/deliveries", tag="webhooks")


class DeliveryQuery(BaseModel):
    """The filters and the page of a list."""

    model_config = ConfigDict(extra="forbid")

    endpoint_id: UUID | None = None
    app_id: str | None = None
    state: DeliveryState | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = None


@router.get("", responses=problems("bad_cursor", "invalid_request", "unavailable"))
async def list_deliveries(
    caller: EndpointKeeper, context: Context, query: Annotated[DeliveryQuery, Query()]
) -> DeliveryPage:
    """Deliveries, newest first."""
    apps = tuple(caller.narrowed(query.app_id))
    which = DeliveryFilter(apps, query.endpoint_id, query.state, query.since, query.until)
    after = decode_cursor(query.cursor)
    found = await context.deliveries.page(which, limit=query.limit + 1, after=after)
    page = found[: query.limit]
    more = len(found) > query.limit
    return DeliveryPage(
        items=[DeliveryModel.of(delivery) for delivery in page],
        next_cursor=encode_cursor((page[-1].created_at, page[-1].id)) if more else None,
    )


@router.post("/redeliver", responses=problems("too_many_deliveries", "invalid_request", "unavailable"))
async def redeliver_deliveries(
    order: BulkRedelivery, caller: EndpointKeeper, context: Context
) -> RestartedModel:
    """Count ended deliveries, or with `"dry_run": false` send up to 10,000 of them again, in the order of
    their events and 20 a second to each endpoint. Those of endpoints that are not enabled stay. More than
    10,000 need the `ended_before` of the count.
    """
    apps = tuple(caller.narrowed(order.app_id))
    which = DeliveryFilter(apps, order.endpoint_id, order.state, order.since, order.until, order.ended_before)
    if order.dry_run:
        return RestartedModel.of(await context.redeliveries.count(which), dry_run=True)
    return RestartedModel.of(await context.redeliveries.all(which, actor=caller.actor))


@router.get("/{delivery_id}", responses=problems("not_found", "invalid_request", "unavailable"))
async def get_delivery(
    delivery_id: UUID, caller: EndpointKeeper, context: Context
) -> DeliveryWithAttemptsModel:
    """One delivery with its attempts."""
    found = await context.deliveries.find(delivery_id, caller.app_ids)
    if found is None:
        raise ApiProblem("not_found")
    return DeliveryWithAttemptsModel.with_attempts(found)


@router.post(
    "/{delivery_id}/redeliver",
    status_code=202,
    responses=problems("not_found", "endpoint_not_enabled", "invalid_request", "unavailable"),
)
async def redeliver_delivery(delivery_id: UUID, caller: EndpointKeeper, context: Context) -> Accepted:
    """Send it again now, whether it failed, was delivered or waits, with a fresh schedule."""
    await context.redeliveries.one(delivery_id, caller.app_ids, actor=caller.actor)
    return Accepted()
