"""Start deliveries again: one, many by a filter, or all that an endpoint missed."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from domain.audit.action import Action
from domain.audit.row import AuditRow
from domain.errors import EndpointNotEnabled, NoSuchDelivery, NoSuchEndpoint, TooManyDeliveries
from domain.events.event import EventType
from domain.events.webhooks.delivery import KEPT_FOR
from domain.events.webhooks.endpoint import EndpointState
from domain.events.webhooks.selection import matching_types
from domain.people.actor import Actor
from domain.views.deliveries import DeliveryFilter, Recovery, Restarted
from usecases.ports.events.deliveries import DeliveryDesk
from usecases.ports.events.endpoints import Endpoints

RATE: Final = 20.0
"""Deliveries a second to one endpoint, or its `max_rate` if that is less."""

MOST: Final = 10_000
"""Deliveries that one call starts again; `more` asks for another call."""

WINDOW: Final = 2_000
"""Events of one transaction of a recovery."""

log = structlog.get_logger(__name__)


class Redeliveries:
    """Makes deliveries due again, in the order of their events and at a bounded rate."""

    def __init__(self, desk: DeliveryDesk, endpoints: Endpoints, *, clock: Callable[[], datetime]) -> None:
        self._desk = desk
        self._endpoints = endpoints
        self._clock = clock

    async def one(self, delivery_id: UUID, app_ids: Sequence[str], *, actor: Actor) -> None:
        """Make a delivery due now, with a fresh schedule; one that is being sent stays as it is.

        Raises:
            NoSuchDelivery: these apps have no such delivery.
            EndpointNotEnabled: its endpoint is disabled or deleted.
        """
        row = AuditRow.by(actor, Action.DELIVERY_RESTARTED, subject=str(delivery_id))
        found = await self._desk.redeliver_one(delivery_id, app_ids, now=self._clock(), audit=row)
        if found is None:
            raise NoSuchDelivery
        if not found:
            raise EndpointNotEnabled
        log.info("delivery.restarted", delivery_id=str(delivery_id), actor=str(actor))

    async def count(self, which: DeliveryFilter) -> Restarted:
        """What `all` would start again."""
        now = self._clock()
        count = await self._desk.count(which, most=MOST + 1)
        return Restarted(min(count, MOST), which.ended_before or now, more=count > MOST)

    async def all(self, which: DeliveryFilter, *, actor: Actor) -> Restarted:
        """Make deliveries that have ended due again, 20 a second to each endpoint; those of endpoints that
        are not enabled stay.

        Raises:
            TooManyDeliveries: they need several calls, and without `ended_before` these would never end:
                each would find what the earlier ones have sent.
        """
        now = self._clock()
        if which.ended_before is None and await self._desk.count(which, most=MOST + 1) > MOST:
            raise TooManyDeliveries(now)
        endpoint = None if which.endpoint_id is None else str(which.endpoint_id)
        row = AuditRow.by(actor, Action.DELIVERIES_RESTARTED, subject=endpoint)
        count = await self._desk.redeliver(which, now=now, rate=RATE, limit=MOST, audit=row)
        log.info("deliveries.restarted", count=count, actor=str(actor))
        return Restarted(count, which.ended_before or now, more=count >= MOST)

    async def recover(
        self,
        endpoint_id: UUID,
        app_ids: Sequence[str] | None,
        *,
        since: datetime,
        ended_before: datetime | None = None,
        actor: Actor,
    ) -> Restarted:
        """Make deliveries of all events since then that the endpoint selects and did not get.

        Events from before `KEPT_FOR` are left out: nothing shows any more which of them were delivered.
        `ended_before`: that of an earlier call, to go on with it.

        Raises:
            NoSuchEndpoint: these apps have no such endpoint.
            EndpointNotEnabled: it is disabled.
        """
        endpoint = await self._endpoints.find(endpoint_id, app_ids)
        if endpoint is None:
            raise NoSuchEndpoint
        if endpoint.state is not EndpointState.ENABLED:
            raise EndpointNotEnabled
        rate = min(RATE, endpoint.settings.max_rate or RATE)
        now = self._clock()
        what = Recovery(endpoint_id, max(since, now - KEPT_FOR), ended_before, now, rate)
        detail = {"since": what.since.isoformat()}
        row = AuditRow.by(
            actor,
            Action.ENDPOINT_RECOVERED,
            app_id=endpoint.app_id,
            subject=str(endpoint_id),
            detail=detail,
        )
        done = await self._recovered(what, matching_types(endpoint.settings.types), row)
        log.info("deliveries.restarted", endpoint_id=str(endpoint_id), count=done.count, actor=str(actor))
        return done

    async def _recovered(self, what: Recovery, types: Collection[EventType], row: AuditRow) -> Restarted:
        """Go through the log, each window in a transaction, until enough are due."""
        ended_before = what.ended_before or what.now
        count, after = 0, await self._desk.beginning(what.since)
        while count < MOST:
            limit = min(WINDOW, MOST - count)
            window = await self._desk.recover(what, types, after=after, limit=limit, audit=row)
            count += window.count
            if window.next is None:
                return Restarted(count, ended_before)
            after = window.next
        return Restarted(count, ended_before, more=True)
