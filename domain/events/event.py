"""An event of a verification or of the gateway, without identity."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from domain.model import Basis, Outcome


class EventType(StrEnum):
    """What happened (docs/reference/events.md has each with an example)."""

    APPROVED = "verification.approved"
    REJECTED = "verification.rejected"
    REVIEW = "verification.review"
    INCOMPLETE = "verification.incomplete"
    REVIEWED = "verification.reviewed"
    EXPIRED = "verification.expired"
    CONFLICT = "verification.conflict"
    ERASED = "verification.erased"
    REVIEW_OVERDUE = "review.overdue"
    TEST = "endpoint.test"
    ENDPOINT_FAILING = "endpoint.failing"
    ENDPOINT_DISABLED = "endpoint.disabled"
    DELIVERY_EXHAUSTED = "delivery.exhausted"
    DEAD_LETTER_CREATED = "dead_letter.created"
    POLICY_ACTIVATED = "policy.activated"
    AUDIT_CHECKPOINT = "audit.checkpoint"


DECIDED: Final = {
    Outcome.APPROVED: EventType.APPROVED,
    Outcome.REJECTED: EventType.REJECTED,
    Outcome.REVIEW: EventType.REVIEW,
    Outcome.INCOMPLETE: EventType.INCOMPLETE,
}
"""The type of a decision's event."""


OF_NO_APP: Final = frozenset({EventType.POLICY_ACTIVATED})
"""Events of the whole gateway. An endpoint belongs to an app and gets none of them: they go to the sinks of
alerts, and to pulls and streams of a token for every app."""


class PolicyMark(msgspec.Struct, frozen=True):
    """The policy that decided; `hash` is the SHA-256 of its text, in hexadecimal."""

    name: str
    version: str
    hash: str


class EventBody(msgspec.Struct, frozen=True):
    """The stored part of an event besides the columns that readers filter by.

    A verification's event has its ids; its outcome, reasons (codes), basis and policy are null before the
    decision. `detail` belongs to the type: identifiers and words of ours, never identity.
    """

    biz_id: str | None = None
    biz_no: str | None = None
    outcome: Outcome | None = None
    effective_outcome: Outcome | None = None
    reasons: tuple[str, ...] = ()
    basis: Basis | None = None
    policy: PolicyMark | None = None
    detail: dict[str, Any] = {}


class Event(msgspec.Struct, frozen=True):
    """An event of the log.

    `type`: an `EventType`, or the word of a newer version, which is passed on as it is.
    `seq` grows in the order in which events become visible, with gaps. `n` counts the events of one
    verification from 1; None if the event is not about a verification. `app_id` is None if it concerns every
    app.
    """

    seq: int
    id: UUID
    type: str
    at: datetime
    app_id: str | None
    verification_id: UUID | None
    n: int | None
    body: EventBody


class NewEvent(msgspec.Struct, frozen=True):
    """An event to append to the log.

    An event of a verification gets its app, ids, decision and `n` from the store. `at`: None means the
    transaction's time. `detail`: as in EventBody.
    """

    type: EventType
    at: datetime | None = None
    app_id: str | None = None
    verification_id: UUID | None = None
    detail: dict[str, Any] = {}
