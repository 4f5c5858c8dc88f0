"""Make one claimed delivery: sign the event for this attempt, send it once, write the result."""

from datetime import timedelta
from typing import Final

import structlog

from domain.errors import ServerAway
from domain.events.webhooks.delivery import (
    ClaimedDelivery,
    DeliveryState,
    EndedAttempt,
    EndWord,
    attempt_of,
    ended,
    ended_without_attempt,
)
from domain.events.webhooks.endpoint import Endpoint
from domain.events.webhooks.selection import selects
from domain.events.webhooks.verdict import judge
from domain.events.webhooks.way import Answer, Fault, NotSent
from usecases.events.webhooks.sending import SenderContext
from usecases.events.webhooks.signed import signed

_WRITE_AGAIN: Final = 0.5
"""Seconds between two tries to write a result while PostgreSQL is away."""

_UNREADABLE: Final = NotSent(Fault.OURS, EndWord.UNREADABLE)

log = structlog.get_logger(__name__)


async def deliver(context: SenderContext, claimed: ClaimedDelivery, endpoint: Endpoint | None) -> None:
    """Send the event, unless it or its endpoint is deleted, or it is no longer selected; write the end.

    Raises:
        ServerAway: the end could not be written within the lease; the delivery is due again then.
    """
    end = await _end_of(context, claimed, endpoint)
    context.reached("after_delivery")
    if not await _write(context, end):
        log.warning("delivery.late", delivery_id=str(claimed.lease.delivery_id))
        return
    context.reached("after_delivery_written")
    if end.state is DeliveryState.FAILED:
        log.warning(
            "delivery.failed",
            app_id=claimed.event.app_id,
            delivery_id=str(claimed.lease.delivery_id),
            endpoint_id=str(claimed.lease.endpoint_id),
            error=end.error,
        )


async def _end_of(
    context: SenderContext, claimed: ClaimedDelivery, endpoint: Endpoint | None
) -> EndedAttempt:
    if endpoint is None:
        return ended_without_attempt(claimed, EndWord.ENDPOINT_DELETED, now=context.clock())
    if claimed.is_deleted:
        return ended_without_attempt(claimed, EndWord.EVENT_DELETED, now=context.clock())
    event = claimed.event
    if not selects(endpoint.settings, event.type, event.body.effective_outcome):
        return ended_without_attempt(claimed, EndWord.UNSUBSCRIBED, now=context.clock())
    return await _attempt(context, claimed, endpoint)


async def _attempt(context: SenderContext, claimed: ClaimedDelivery, endpoint: Endpoint) -> EndedAttempt:
    began, at = context.monotonic(), context.clock()
    sent = await _send(context, claimed, endpoint)
    seconds, judged = context.monotonic() - began, judge(sent)
    context.stats.count(endpoint.app_id, judged, seconds=seconds)
    attempt = attempt_of(claimed.attempts + 1, sent, judged, at=at, ms=round(seconds * 1000))
    return ended(
        claimed,
        attempt,
        judged,
        now=at + timedelta(seconds=seconds),
        chance=context.chance(),
        schedule=endpoint.pauses,
    )


async def _send(context: SenderContext, claimed: ClaimedDelivery, endpoint: Endpoint) -> Answer | NotSent:
    way, private = endpoint.way, endpoint.private
    if way is None or private is None:
        return _UNREADABLE
    webhook = signed(
        claimed.event,
        claimed.facts,
        settings=endpoint.settings,
        private=private,
        at=context.clock(),
        open_key=context.open_key,
    )
    context.reached("before_delivery")
    return await context.post.post(way, webhook.body, webhook.headers)


async def _write(context: SenderContext, end: EndedAttempt) -> bool:
    """Write the end; while PostgreSQL is away, again and again for as long as the lease may hold."""
    until = end.at + context.lease
    while True:
        try:
            return await context.deliveries.finish(end)
        except ServerAway:
            if context.clock() >= until:
                raise
            await context.sleep(_WRITE_AGAIN)
