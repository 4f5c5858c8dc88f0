"""Verifications as the api shows them: the current record, the timeline, and the filters of lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.model import Identity
from domain.orders.registration import Registration
from domain.pulls.budget import Pull


class VerificationRecord(msgspec.Struct, frozen=True):
    """The current record of a verification, with masked identity; `facts` are those of the decision."""

    id: UUID
    app_id: str
    biz_id: str
    biz_no: str | None
    state: str
    vendor_status: str | None
    outcome: str | None
    basis: str | None
    reasons: list[dict[str, str]]
    policy_name: str | None
    policy_version: str | None
    facts: dict[str, Any] | None
    identity: Identity | None
    pulls_used: int
    pulls_until: datetime | None
    registered_at: datetime | None
    expires_at: datetime | None
    held: bool
    received_at: datetime | None
    decided_at: datetime | None
    created_at: datetime


class TimelineEvent(msgspec.Struct, frozen=True):
    """One event of a verification's life."""

    at: datetime
    event: str
    detail: dict[str, Any]


class OpenVerification(msgspec.Struct, frozen=True):
    """A registered verification without a callback, with its calls in order."""

    app_id: str
    biz_id: str
    registration: Registration
    ledger: list[Pull]


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The filters of a list; `since` and `until` bound created_at (until excluded).

    `outcome`: the decision's. `effective_outcome`: the one that counts, a person's or the decision's.
    `reason`: a code that is among the reasons of a decision other than `approved`.
    """

    app_ids: Sequence[str]
    biz_no: str | None = None
    outcome: str | None = None
    effective_outcome: str | None = None
    reason: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None
