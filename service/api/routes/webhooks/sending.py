"""Send something to one endpoint: a test event, or what it missed."""

from uuid import UUID

from service.api.auth import EndpointKeeper, guarded_router
from service.api.context import Context
from service.api.models.deliveries import AttemptModel, Recovery, RestartedModel
from service.api.responses import problems

router = guarded_router("/v1/endpoints", tag="webhooks")


@router.post(
    "/{endpoint_id}/test", responses=problems("not_found", "unreadable", "invalid_request", "unavailable")
)
async def test_endpoint(endpoint_id: UUID, caller: EndpointKeeper, context: Context) -> AttemptModel:
    """Send an `endpoint.test` now, signed as every event, and answer what came back within 15 seconds.

    It is not repeated, and counts neither for nor against the endpoint, which may be disabled.
    """
    return AttemptModel.of(await context.trials.send(endpoint_id, caller.app_ids, actor=caller.actor))


@router.post(
    "/{endpoint_id}/recover",
    responses=problems("not_found", "endpoint_not_enabled", "invalid_request", "unavailable"),
)
async def recover_endpoint(
    endpoint_id: UUID, order: Recovery, caller: EndpointKeeper, context: Context
) -> RestartedModel:
    """Deliver up to 10,000 events since a time that the endpoint selects and did not get, in order and at
    most 20 a second.
    """
    done = await context.redeliveries.recover(
        endpoint_id,
        caller.app_ids,
        since=order.since,
        ended_before=order.ended_before,
        actor=caller.actor,
    )
    return RestartedModel.of(done)
