"""Conclusions: what a person may conclude, and when another person must approve it."""

from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec

from domain.model import Outcome
from domain.reviews.case import Because, CaseState, ReviewCase, Reviewer
from domain.reviews.claims import check_held, check_may_conclude, event_of
from domain.reviews.errors import CaseClosed, ConclusionRefused, WrongState
from domain.reviews.history import CaseEvent, Detail, Kind
from domain.reviews.reasons import REASONS_FOR, REASONS_TO_CLOSE, ReviewReason

LONGEST_NOTE: Final = 2000
"""Characters."""

LONGEST_BULK: Final = 500
"""Cases that one request may reject or close."""


class Conclusion(msgspec.Struct, frozen=True):
    """What a person concludes. `note`: required for an approval; it may name the person, so it is sealed.

    Raises:
        ConclusionRefused: outcome, reasons or note do not fit together.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    note: str | None = None

    def __post_init__(self) -> None:
        allowed = REASONS_FOR.get(self.outcome)
        if allowed is None:
            raise ConclusionRefused("outcome must be approved, rejected or incomplete")
        _check_reasons(self.reasons, allowed)
        if self.outcome is Outcome.APPROVED and not (self.note or "").strip():
            raise ConclusionRefused("an approval needs a note")
        check_note(self.note)


def check_note(note: str | None) -> None:
    """Whether the note can be kept. Raises ConclusionRefused: it is too long."""
    if note is not None and len(note) > LONGEST_NOTE:
        raise ConclusionRefused(f"a note has at most {LONGEST_NOTE} characters")


def propose(
    case: ReviewCase,
    who: Reviewer,
    now: datetime,
    conclusion: Conclusion,
    *,
    fence: int | None,
    evidence_hash: str,
    first: Outcome | None = None,
) -> CaseEvent:
    """The event of a conclusion: it is proposed if the case wants four eyes for it, and closes the case
    otherwise. `first`: what a second look compares it with.

    Raises:
        CaseClosed, ClaimedByAnother, NotClaimed, LeaseLost: the person does not hold the case.
        SamePerson: a second look by the person who concluded.
        WrongState: a conclusion is proposed already.
    """
    check_held(case, who, now, fence=fence)
    if case.state is not CaseState.OPEN:
        raise WrongState
    check_may_conclude(case, who)
    detail = Detail(outcome=conclusion.outcome, reasons=conclusion.reasons)
    kind = _kind_of(case, conclusion.outcome)
    if kind is Kind.LOOKED:
        detail = msgspec.structs.replace(detail, agrees=conclusion.outcome == first)
    note = bool(conclusion.note)
    return event_of(case, who, now, kind, detail, evidence_hash=evidence_hash, has_note=note)


def approve(
    case: ReviewCase, who: Reviewer, now: datetime, *, fence: int | None, evidence_hash: str
) -> CaseEvent:
    """The event by which another person approves what was proposed.

    Raises:
        SamePerson: the person proposed it.
        SeniorRequired: the person may not approve.
        WrongState: nothing is proposed.
        CaseClosed, ClaimedByAnother, NotClaimed, LeaseLost: the person does not hold the case.
    """
    _check_approver(case, who, now, fence=fence)
    assert case.proposal is not None  # noqa: S101 - checked
    detail = Detail(outcome=case.proposal.outcome, reasons=case.proposal.reasons)
    return event_of(case, who, now, Kind.APPROVED, detail, evidence_hash=evidence_hash)


def return_(
    case: ReviewCase, who: Reviewer, now: datetime, *, note: str | None, fence: int | None
) -> CaseEvent:
    """The event by which another person gives a proposal back; raises as `approve`."""
    check_note(note)
    _check_approver(case, who, now, fence=fence)
    return event_of(case, who, now, Kind.RETURNED, has_note=bool(note))


def close(
    case: ReviewCase, who: Reviewer, now: datetime, *, reasons: Collection[str], fence: int | None
) -> CaseEvent:
    """The event by which a case ends without a conclusion, so that what counted before still counts.

    Raises:
        ConclusionRefused: a reason that does not belong here.
        CaseClosed, ClaimedByAnother, NotClaimed, LeaseLost: the person does not hold the case.
        SamePerson, SeniorRequired: as `check_may_conclude`.
    """
    _check_reasons(reasons, REASONS_TO_CLOSE)
    check_held(case, who, now, fence=fence)
    check_may_conclude(case, who)
    return event_of(case, who, now, Kind.CLOSED, Detail(reasons=tuple(reasons)))


def wants_second_look(case: ReviewCase) -> bool:
    """Whether another person looks again at this concluded case: of every hundred cases, the policy's share,
    chosen by their ids."""
    chosen = int.from_bytes(sha256(case.id.bytes).digest()[:6]) / 2**48
    return case.because is not Because.SECOND_LOOK and chosen < case.second_look


def _kind_of(case: ReviewCase, outcome: Outcome) -> Kind:
    if case.because is Because.SECOND_LOOK:
        return Kind.LOOKED
    return Kind.PROPOSED if outcome in case.four_eyes else Kind.CONCLUDED


def _check_approver(case: ReviewCase, who: Reviewer, now: datetime, *, fence: int | None) -> None:
    if case.state is CaseState.CLOSED:
        raise CaseClosed
    if case.state is not CaseState.PROPOSED or case.proposal is None:
        raise WrongState
    check_may_conclude(case, who)
    check_held(case, who, now, fence=fence)


def _check_reasons(reasons: Collection[str], allowed: Collection[ReviewReason]) -> None:
    if not reasons or len(set(reasons)) < len(reasons) or not set(reasons) <= set(allowed):
        raise ConclusionRefused("reasons: one or more of " + ", ".join(allowed))
