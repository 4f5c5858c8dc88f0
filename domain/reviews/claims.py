"""Claims of cases: what a person may do with one, and the event that records it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from domain.reviews.case import LEASE, LONGEST_SNOOZE, CaseState, Claim, Priority, ReviewCase, Reviewer
from domain.reviews.errors import (
    CaseClosed,
    ClaimedByAnother,
    ConclusionRefused,
    LeaseLost,
    NotClaimed,
    SamePerson,
    SeniorRequired,
    WrongState,
)
from domain.reviews.history import CaseEvent, Detail, Kind

GATEWAY: Final = "gateway:worker"
"""The actor of what sweeps do."""


def claim(case: ReviewCase, who: Reviewer, now: datetime) -> CaseEvent | None:
    """The event of a claim; None if the person has it already, so that it is only renewed.

    Raises:
        CaseClosed, ClaimedByAnother, SamePerson, SeniorRequired: the person cannot have the case now.
    """
    check_may_conclude(case, who)
    held = case.claimed_at_time(now)
    if held is None:
        return _claimed(case, who, now, Kind.CLAIMED)
    if held.person_id != who.person_id:
        raise ClaimedByAnother(held.name, held.lease_until)
    return None


def take_over(case: ReviewCase, who: Reviewer, now: datetime) -> CaseEvent:
    """The event by which a senior person takes a case from another one, whose claim ends at once.

    Raises:
        CaseClosed, SamePerson, SeniorRequired: the person cannot have the case.
    """
    if not who.may_approve:
        raise SeniorRequired
    check_may_conclude(case, who)
    return _claimed(case, who, now, Kind.TAKEN_OVER)


def renewed(case: ReviewCase, now: datetime) -> ReviewCase:
    """The case with its claim renewed. That is no event."""
    held = case.claimed_at_time(now)
    if held is None:
        raise LeaseLost
    return replace(case, claim=Claim(held.person_id, held.name, now + LEASE))


def release(case: ReviewCase, who: Reviewer, now: datetime, *, fence: int | None) -> CaseEvent:
    """The event by which a person gives a case back. Raises as `check_held`."""
    check_held(case, who, now, fence=fence)
    return event_of(case, who, now, Kind.RELEASED)


def snooze(
    case: ReviewCase, who: Reviewer, now: datetime, *, until: datetime, fence: int | None
) -> CaseEvent:
    """The event by which a person puts a case off; new evidence wakes it as well.

    Raises:
        CaseClosed, ClaimedByAnother, NotClaimed, LeaseLost: as `check_held`.
        WrongState: a conclusion is proposed.
        ConclusionRefused: the time is over, or more than 30 days away.
    """
    check_held(case, who, now, fence=fence)
    if case.state is not CaseState.OPEN:
        raise WrongState
    if not now < until <= now + LONGEST_SNOOZE:
        raise ConclusionRefused("until must be a time in the next 30 days")
    return event_of(case, who, now, Kind.SNOOZED, Detail(until=until))


def lapse(case: ReviewCase, now: datetime) -> CaseEvent | None:
    """The event by which the gateway ends a claim whose time is over."""
    if case.claim is None or case.claimed_at_time(now) is not None:
        return None
    return gateway_event(case, now, Kind.LAPSED)


def wake(case: ReviewCase, now: datetime) -> CaseEvent | None:
    """The event by which the gateway ends a snooze."""
    if case.snoozed_until is None or case.snoozed_until > now:
        return None
    return gateway_event(case, now, Kind.WOKEN)


def escalate(case: ReviewCase, now: datetime) -> CaseEvent | None:
    """The event by which the priority of an overdue case rises by one, and again after as much time."""
    if case.state is CaseState.CLOSED or case.escalate_at is None or case.escalate_at > now:
        return None
    priority = Priority(min(case.priority + 1, Priority.URGENT))
    until = None if priority is Priority.URGENT else now + (case.due_at - case.opened_at)
    return gateway_event(case, now, Kind.ESCALATED, Detail(priority=int(priority), until=until))


def check_may_conclude(case: ReviewCase, who: Reviewer) -> None:
    """Whether this person may work on the case at all.

    Raises:
        CaseClosed: it has ended.
        SamePerson: the person proposed the conclusion, or concluded what a second look is about.
        SeniorRequired: a conclusion is proposed, which this person may not approve.
    """
    if case.state is CaseState.CLOSED:
        raise CaseClosed
    if is_excluded(case, who.person_id):
        raise SamePerson
    if case.state is CaseState.PROPOSED and not who.may_approve:
        raise SeniorRequired


def is_excluded(case: ReviewCase, person_id: UUID) -> bool:
    """Whether the next step of the case must be another person's."""
    return person_id in case.not_for or (case.proposal is not None and case.proposal.person_id == person_id)


def check_held(case: ReviewCase, who: Reviewer, now: datetime, *, fence: int | None) -> None:
    """Whether the person holds the claim with this fence; without one, whether the person holds a claim.

    Raises:
        CaseClosed: the case has ended.
        LeaseLost: the claim has ended.
        ClaimedByAnother, NotClaimed: the person has none.
    """
    if case.state is CaseState.CLOSED:
        raise CaseClosed
    if fence is not None and fence != case.fence:
        raise LeaseLost
    held = case.claimed_at_time(now)
    if held is not None and held.person_id != who.person_id:
        raise ClaimedByAnother(held.name, held.lease_until)
    if held is None:
        raise NotClaimed if case.claim is None and fence is None else LeaseLost


def event_of(
    case: ReviewCase,
    who: Reviewer,
    now: datetime,
    kind: Kind,
    detail: Detail = Detail(),  # noqa: B008 - frozen
    *,
    evidence_hash: str | None = None,
    has_note: bool = False,
) -> CaseEvent:
    """The next event of the case, by a person."""
    return CaseEvent(
        case_id=case.id,
        seq=case.seq + 1,
        at=now,
        actor=who.name,
        person_id=who.person_id,
        kind=kind,
        detail=detail,
        evidence_hash=evidence_hash,
        has_note=has_note,
    )


def gateway_event(
    case: ReviewCase,
    now: datetime,
    kind: Kind,
    detail: Detail = Detail(),  # noqa: B008 - frozen
) -> CaseEvent:
    """The next event of the case, by the gateway."""
    return CaseEvent(case_id=case.id, seq=case.seq + 1, at=now, actor=GATEWAY, kind=kind, detail=detail)


def _claimed(case: ReviewCase, who: Reviewer, now: datetime, kind: Kind) -> CaseEvent:
    return event_of(case, who, now, kind, Detail(fence=case.fence + 1, until=now + LEASE))
