"""What readers of deliveries ask for and get."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.events.webhooks.delivery import Attempt, DeliveryState


class DeliveryView(msgspec.Struct, frozen=True):
    """A delivery in a list. `error`: a word; of a pending one, that of its last attempt."""

    id: UUID
    endpoint_id: UUID
    app_id: str
    event_id: UUID
    type: str
    seq: int
    n: int | None
    state: DeliveryState
    due_at: datetime | None
    attempts: int
    error: str | None
    created_at: datetime
    ended_at: datetime | None


class DeliveryWithAttempts(msgspec.Struct, frozen=True):
    """A delivery with each of its attempts, oldest first."""

    delivery: DeliveryView
    attempts: list[Attempt]


class DeliveryFilter(msgspec.Struct, frozen=True):
    """Which deliveries of these apps: of one endpoint, in one state, made in [since, until), where given.

    `ended_before`: for redeliveries, only those that ended before then.
    """

    app_ids: tuple[str, ...]
    endpoint_id: UUID | None = None
    state: DeliveryState | None = None
    since: datetime | None = None
    until: datetime | None = None
    ended_before: datetime | None = None


class Recovery(msgspec.Struct, frozen=True):
    """What an endpoint is to get, `rate` a second: the events since then that it selects, without those that
    were delivered or are pending, or failed at `ended_before` or later."""

    endpoint_id: UUID
    since: datetime
    ended_before: datetime | None
    now: datetime
    rate: float


class Recovered(msgspec.Struct, frozen=True):
    """What one window of the log has made due. `next`: the `seq` to go on behind, or None at the end."""

    count: int
    next: int | None = None


class Restarted(msgspec.Struct, frozen=True):
    """What a redelivery or a recovery has made due. `more`: call again for the rest, with this
    `ended_before`, so that what has ended since is not made due once more."""

    count: int
    ended_before: datetime
    more: bool = False
