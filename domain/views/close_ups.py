"""What belongs to one verification beside its decision: calls, shadow decisions, deliveries."""

from datetime import datetime
from uuid import UUID

import msgspec


class CallView(msgspec.Struct, frozen=True):
    """A call of get_result. `state` as in `PullState`; `error`: the vendor's or the network's word."""

    n: int
    state: str
    started_at: datetime
    finished_at: datetime | None
    http_status: int | None
    error: str | None


class ShadowView(msgspec.Struct, frozen=True):
    """What a candidate policy decided on the same evidence."""

    policy_name: str
    policy_version: str
    outcome: str
    reasons: list[dict[str, str]]
    decided_at: datetime


class SentView(msgspec.Struct, frozen=True):
    """An event on its way to an endpoint; `url` None: the endpoint is deleted."""

    id: UUID
    type: str
    url: str | None
    state: str
    attempts: int
    error: str | None
    created_at: datetime
    ended_at: datetime | None


class CloseUp(msgspec.Struct, frozen=True):
    """All of them; of the deliveries the newest."""

    calls: list[CallView]
    shadows: list[ShadowView]
    sent: list[SentView]
