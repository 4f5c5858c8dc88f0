"""Verifications as the api shows them: the current record, the timeline, and the filters of lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.apps.registration import Registration
from domain.model import DecidedBy, Identity
from domain.pulls.budget import Pull


class ReviewMark(msgspec.Struct, frozen=True):
    """The newest review case of a verification; `state` as `domain.reviews.case.Shown`."""

    case_id: UUID
    state: str


class VerificationRecord(msgspec.Struct, frozen=True):
    """The current record of a verification, with masked identity; `facts` are those of the decision.

    `outcome`: the decision's. `concluded`: what a person has concluded; None while the decision's counts.
    `is_blind`: a blind second look waits for the person who asks, so what persons concluded is left out.
    """

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
    concluded: str | None = None
    review: ReviewMark | None = None
    erased_at: datetime | None = None
    is_blind: bool = False

    @property
    def effective_outcome(self) -> str | None:
        """The outcome that counts; None until there is a decision, and for who must not know it."""
        return None if self.is_blind else self.concluded or self.outcome

    @property
    def decided_by(self) -> DecidedBy | None:
        """Whose outcome counts; None until there is a decision, and for who must not know it."""
        if self.outcome is None or self.is_blind:
            return None
        return DecidedBy.POLICY if self.concluded is None else DecidedBy.PERSON


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


class BlindReader(msgspec.Struct, frozen=True):
    """A person who must not find what waits for a blind second look. `app_ids`: where they may review."""

    person_id: UUID
    app_ids: Sequence[str]


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The filters of a list; `since` and `until` bound created_at (until excluded).

    `outcome`: the decision's. `effective_outcome`: the one that counts, a person's or the decision's.
    `reason`: a code that is among the reasons of a decision other than `approved`. `mode`: the confirmation
    mode of the decision; no list has it together with a biz_no or a reason. `hidden_from`: None for a reader
    who may find every verification.
    """

    app_ids: Sequence[str]
    biz_no: str | None = None
    outcome: str | None = None
    effective_outcome: str | None = None
    reason: str | None = None
    mode: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    hidden_from: BlindReader | None = None
