"""A review case: a decision that a person must look at, and who works on it now."""

from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID

import msgspec

from domain.model import Outcome

LEASE: Final = timedelta(minutes=10)
"""How long a claim holds without being renewed."""

LONGEST_SNOOZE: Final = timedelta(days=30)


class Because(StrEnum):
    """Why a case was opened: the decision is `review`, a person asked for it, the user objects to the
    decision, evidence came after it, another person looks again, blind, or that look came to another
    conclusion."""

    DECISION = "decision"
    OPERATOR = "operator"
    APPEAL = "appeal"
    LATE_EVIDENCE = "late_evidence"
    SECOND_LOOK = "second_look"
    LOOKS_DIFFER = "looks_differ"


class CaseState(StrEnum):
    """`snoozed`: nobody gets it before a time. `proposed`: another person must approve the conclusion."""

    OPEN = "open"
    SNOOZED = "snoozed"
    PROPOSED = "proposed"
    CLOSED = "closed"


class Shown(StrEnum):
    """The state as lists and answers show it: `claimed` is `open`, and a person works on it."""

    OPEN = "open"
    CLAIMED = "claimed"
    SNOOZED = "snoozed"
    PROPOSED = "proposed"
    CLOSED = "closed"


class Priority(IntEnum):
    """How urgent a case is; the greatest comes first."""

    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4

    @property
    def word(self) -> str:
        """The word in policies and answers."""
        return self.name.lower()


class Reviewer(msgspec.Struct, frozen=True):
    """The person who does something to a case. `name`: as in audit rows. `may_approve`: in the case's app."""

    person_id: UUID
    name: str
    may_approve: bool = False


class Claim(msgspec.Struct, frozen=True):
    """Who works on a case, and until when without a renewal."""

    person_id: UUID
    name: str
    lease_until: datetime


class Proposal(msgspec.Struct, frozen=True):
    """A conclusion that another person must approve. `seq`: the event of the case that has its note."""

    person_id: UUID
    name: str
    outcome: Outcome
    reasons: tuple[str, ...]
    seq: int


class ReviewCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case.

    `four_eyes`, `second_look`: what the policy says about its conclusions. `due_at`: the time limit.
    `escalate_at`: when its priority rises next. `fence`: the number of its claims; what names an older one is
    refused. `seq`: the number of its events. `not_for`: persons who may not conclude it.
    """

    id: UUID
    verification_id: UUID
    app_id: str
    because: Because
    policy_hash: str
    four_eyes: tuple[Outcome, ...] = (Outcome.APPROVED,)
    second_look: float = 0.0
    not_for: tuple[UUID, ...] = ()
    opened_at: datetime
    due_at: datetime
    priority: Priority = Priority.NORMAL
    escalate_at: datetime | None = None
    state: CaseState = CaseState.OPEN
    seq: int = 1
    fence: int = 0
    claim: Claim | None = None
    claimed_at: datetime | None = None
    snoozed_until: datetime | None = None
    proposal: Proposal | None = None
    closed_at: datetime | None = None

    def claimed_at_time(self, now: datetime) -> Claim | None:
        """The claim that holds now."""
        return self.claim if self.claim is not None and self.claim.lease_until > now else None

    def shown_state(self, now: datetime) -> Shown:
        """The state for lists and answers."""
        if self.state is CaseState.OPEN and self.claimed_at_time(now) is not None:
            return Shown.CLAIMED
        return Shown(self.state)

    def is_overdue(self, now: datetime) -> bool:
        """Whether the time limit has passed without an end."""
        return self.state is not CaseState.CLOSED and self.due_at <= now


def priority_of(words: dict[str, str], codes: tuple[str, ...]) -> Priority:
    """The highest priority of these reason codes by a policy's `[review.priority]`."""
    default = words.get("default", Priority.NORMAL.word)
    named = [Priority[words.get(code, default).upper()] for code in codes]
    return max(named, default=Priority[default.upper()])
