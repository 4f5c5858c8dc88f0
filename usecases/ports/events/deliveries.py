"""Deliveries of webhooks: what senders take and write, and what operators see and start again."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from domain.audit.row import AuditRow
from domain.events.event import EventType
from domain.events.webhooks.delivery import ClaimedDelivery, EndedAttempt, FannedOut
from domain.events.webhooks.endpoint import Endpoint
from domain.views.deliveries import (
    DeliveryFilter,
    DeliveryView,
    DeliveryWithAttempts,
    Recovered,
    Recovery,
)


class Deliveries(Protocol):
    """What senders work with. Every method raises ServerAway."""

    async def fan_out(self, *, now: datetime, limit: int) -> FannedOut:
        """Make the deliveries of up to `limit` new events, and move the endpoints' cursors behind them."""

    async def claim(
        self, *, now: datetime, lease: timedelta, room: int, apps: Collection[str]
    ) -> Sequence[ClaimedDelivery]:
        """Take up to `room` due deliveries of these apps, of each endpoint as many as it may have in flight.

        None has an earlier one of the same endpoint and verification that is still pending. An endpoint that
        failed five times in a row gets one at a time. No other sender is given them for `lease`.
        """

    async def finish(self, end: EndedAttempt) -> bool:
        """Write what became of a claimed delivery; False, and nothing is written, if its lease is lost."""

    async def end_unwanted(self, *, now: datetime, limit: int) -> int:
        """End up to `limit` pending deliveries whose endpoint is disabled or deleted, or no longer selects
        them; how many there were."""

    async def delete_old(self, *, before: datetime, limit: int) -> int:
        """Delete up to `limit` ended deliveries that were made before then, with their attempts."""


class Receivers(Protocol):
    """Endpoints as senders need them."""

    async def of(self, changed_at: Mapping[UUID, datetime]) -> Mapping[UUID, Endpoint]:
        """The endpoints with these ids, with what is secret; without those that are deleted.

        One that was read before is read again only if it changed since. Raises ServerAway.
        """


class DeliveryDesk(Protocol):
    """What operators see and start again."""

    async def page(
        self, which: DeliveryFilter, *, limit: int, after: tuple[datetime, UUID] | None = None
    ) -> list[DeliveryView]:
        """The newest of these deliveries after `after` (created_at, id)."""

    async def app_ids(self) -> list[str]:
        """Every app that has a delivery."""

    async def find(self, delivery_id: UUID, app_ids: Sequence[str]) -> DeliveryWithAttempts | None:
        """A delivery of these apps, with its attempts."""

    async def redeliver_one(
        self, delivery_id: UUID, app_ids: Sequence[str], *, now: datetime, audit: AuditRow
    ) -> bool | None:
        """Make a delivery due now, with a fresh schedule; None if there is none, False if its endpoint is not
        enabled."""

    async def count(self, which: DeliveryFilter, *, most: int) -> int:
        """How many of these deliveries `redeliver` would start again; `most` if there are more."""

    async def redeliver(
        self, which: DeliveryFilter, *, now: datetime, rate: float, limit: int, audit: AuditRow
    ) -> int:
        """Make up to `limit` of these ended deliveries due in the order of their events, `rate` a second;
        their number."""

    async def beginning(self, since: datetime) -> int:
        """A `seq` behind which all events since then are."""

    async def recover(
        self, what: Recovery, types: Collection[EventType], *, after: int, limit: int, audit: AuditRow
    ) -> Recovered:
        """Look at up to `limit` events of these types behind `after`; make deliveries of those that are
        missing, in order."""
