"""Reviews as the api and the console show them: lists of cases, one case with its evidence, figures."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from domain.model import Outcome
from domain.reviews.case import Because, Priority, ReviewCase, Shown
from domain.reviews.evidence_hash import ShownEvidence
from domain.reviews.history import CaseEvent


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases a list has. `state` None: all that have not ended. `priority`, `overdue`: of those alone
    that have not ended. `held_by`: the cases that this person works on, whatever their state.
    """

    app_ids: Sequence[str]
    state: Shown | None = None
    priority: Priority | None = None
    overdue: bool = False
    held_by: UUID | None = None


CasePlace = tuple[int, datetime, UUID]
"""A place in a list, behind a case: its priority (0 among closed ones), its due_at or closed_at, its id."""


class ListedCase(msgspec.Struct, frozen=True):
    """A case in a list, with its verification's ids and decision."""

    case: ReviewCase
    biz_id: str
    biz_no: str | None
    outcome: Outcome
    codes: tuple[str, ...]

    @property
    def place(self) -> CasePlace:
        """Where the case is in its list."""
        case = self.case
        if case.closed_at is not None:
            return 0, case.closed_at, case.id
        return int(case.priority), case.due_at, case.id


class NotedEvent(msgspec.Struct, frozen=True):
    """An event of a case with its note, opened; None if there is none, or it cannot be read any more."""

    event: CaseEvent
    note: str | None = None


class CaseView(msgspec.Struct, frozen=True):
    """A case as a person sees it. `evidence` has no earlier reviews in a second look, which is blind."""

    listed: ListedCase
    evidence: ShownEvidence
    evidence_hash: str
    policy_name: str
    policy_version: str
    events: tuple[NotedEvent, ...]


class ConcludedReview(msgspec.Struct, frozen=True, kw_only=True):
    """A review of a verification. `n`: 1 for the first. `approved_by`: None if one person was enough.
    `note`: None if there is none, if it was not asked for, or if it cannot be read any more."""

    n: int
    case_id: UUID
    outcome: Outcome
    reasons: tuple[str, ...]
    proposed_by: str
    approved_by: str | None
    at: datetime
    has_note: bool
    note: str | None


class Conclusions(msgspec.Struct, frozen=True):
    """What was concluded in the last day in one app: how often this outcome followed on this decision for
    this reason of the policy's."""

    app_id: str
    code: str
    outcome: Outcome
    effective_outcome: Outcome
    count: int


class WaitingCases(msgspec.Struct, frozen=True):
    """The cases of one app that have not ended, counted up to a limit. `oldest`: the age of the oldest."""

    app_id: str
    state: Shown
    count: int
    overdue: int
    oldest: timedelta


class ReviewPace(msgspec.Struct, frozen=True):
    """The reviews of one app in the last day. `median_seconds`: from the opening to the conclusion.
    `hasty`: concluded within five seconds of the claim. `looked`, `agreed`: second looks, and how many of
    them came to the same conclusion."""

    app_id: str
    concluded: int = 0
    hasty: int = 0
    median_seconds: float = 0.0
    looked: int = 0
    agreed: int = 0


class ReviewFigures(msgspec.Struct, frozen=True):
    """What metrics show of reviews."""

    waiting: tuple[WaitingCases, ...] = ()
    conclusions: tuple[Conclusions, ...] = ()
    pace: tuple[ReviewPace, ...] = ()


class Opened(msgspec.Struct, frozen=True):
    """The case that an appeal or a person opened; `is_new`: there was none open before."""

    case_id: UUID
    app_id: str
    because: Because
    priority: Priority
    is_new: bool
