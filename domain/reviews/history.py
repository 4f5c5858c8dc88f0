"""What happened to a case, and the state that follows: the state of a case is the replay of its events.

Only `claim.lease_until` and the evidence are not in the events: a renewal is no event.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.model import Outcome
from domain.reviews.case import CaseState, Claim, Priority, Proposal, ReviewCase

Value = TypeVar("Value")


class Kind(StrEnum):
    """What happened.

    `lapsed`: a claim ended without a conclusion. `woken`: a snooze ended. `concluded`: one person concluded.
    `looked`: a second look ended. `closed`: ended without a conclusion. `noted`: something new came.
    """

    OPENED = "opened"
    CLAIMED = "claimed"
    TAKEN_OVER = "taken_over"
    RELEASED = "released"
    LAPSED = "lapsed"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    PROPOSED = "proposed"
    RETURNED = "returned"
    APPROVED = "approved"
    CONCLUDED = "concluded"
    LOOKED = "looked"
    CLOSED = "closed"
    NOTED = "noted"
    ESCALATED = "escalated"


CONCLUDING: Final = frozenset({Kind.APPROVED, Kind.CONCLUDED})
"""The kinds that make a review."""

CLOSING: Final = CONCLUDING | {Kind.LOOKED, Kind.CLOSED}


class Detail(msgspec.Struct, frozen=True, omit_defaults=True):
    """The particulars of an event; each kind uses some of them.

    `fence`: of a claim. `until`: the end of a claim, a snooze, or the time before the next escalation.
    `because`: why a case is opened, noted or closed. `agrees`: a second look with the first conclusion.
    """

    fence: int | None = None
    until: datetime | None = None
    priority: int | None = None
    outcome: Outcome | None = None
    reasons: tuple[str, ...] = ()
    because: str | None = None
    agrees: bool | None = None
    in_bulk: bool = False


class CaseEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a case. `actor`: as in audit rows. `person_id`: None if the gateway did it.

    `has_note`: a text belongs to it, sealed under the verification's key.
    """

    case_id: UUID
    seq: int
    at: datetime
    actor: str
    person_id: UUID | None = None
    kind: Kind
    detail: Detail = Detail()
    evidence_hash: str | None = None
    has_note: bool = False


def at_opening(case: ReviewCase, event: CaseEvent) -> ReviewCase:
    """The case as it was opened, from what never changes and its first event."""
    return replace(
        case,
        priority=Priority(event.detail.priority or Priority.NORMAL),
        escalate_at=event.detail.until,
        state=CaseState.OPEN,
        seq=event.seq,
        fence=0,
        claim=None,
        claimed_at=None,
        snoozed_until=None,
        proposal=None,
        closed_at=None,
    )


def replay(case: ReviewCase, events: Iterable[CaseEvent]) -> ReviewCase:
    """The state that follows from these events, the first of which opens the case."""
    first, *others = events
    current = at_opening(case, first)
    for event in others:
        current = apply(current, event)
    return current


def apply(case: ReviewCase, event: CaseEvent) -> ReviewCase:
    """The case after the event. Raises ValueError: the event is not the next one of this case."""
    if (event.case_id, event.seq) != (case.id, case.seq + 1):
        raise ValueError(f"event {event.seq} does not follow {case.seq}")
    return replace(_AFTER[event.kind](case, event), seq=event.seq)


def _known(value: Value | None) -> Value:
    """A member that every event of its kind has."""
    if value is None:
        raise ValueError("an event without a member of its kind")
    return value


def _claimed(case: ReviewCase, event: CaseEvent) -> ReviewCase:
    detail = event.detail
    claim = Claim(_known(event.person_id), event.actor, _known(detail.until))
    return replace(_awake(case), claim=claim, claimed_at=event.at, fence=_known(detail.fence))


def _given_back(case: ReviewCase, _event: CaseEvent) -> ReviewCase:
    return replace(case, claim=None, claimed_at=None)


def _snoozed(case: ReviewCase, event: CaseEvent) -> ReviewCase:
    until = event.detail.until
    return replace(_given_back(case, event), state=CaseState.SNOOZED, snoozed_until=until)


def _woken(case: ReviewCase, _event: CaseEvent) -> ReviewCase:
    return _awake(case)


def _awake(case: ReviewCase) -> ReviewCase:
    if case.state is not CaseState.SNOOZED:
        return case
    return replace(case, state=CaseState.OPEN, snoozed_until=None)


def _proposed(case: ReviewCase, event: CaseEvent) -> ReviewCase:
    detail = event.detail
    person_id, outcome = _known(event.person_id), _known(detail.outcome)
    proposal = Proposal(person_id, event.actor, outcome, detail.reasons, event.seq)
    return replace(_given_back(case, event), state=CaseState.PROPOSED, proposal=proposal)


def _returned(case: ReviewCase, event: CaseEvent) -> ReviewCase:
    return replace(_given_back(case, event), state=CaseState.OPEN, proposal=None)


def _closed(case: ReviewCase, event: CaseEvent) -> ReviewCase:
    return replace(
        _given_back(_awake(case), event), state=CaseState.CLOSED, closed_at=event.at, escalate_at=None
    )


def _noted(case: ReviewCase, _event: CaseEvent) -> ReviewCase:
    return _awake(case)


def _escalated(case: ReviewCase, event: CaseEvent) -> ReviewCase:
    return replace(
        case, priority=Priority(event.detail.priority or case.priority), escalate_at=event.detail.until
    )


_AFTER: Final[Mapping[Kind, Callable[[ReviewCase, CaseEvent], ReviewCase]]] = {
    Kind.CLAIMED: _claimed,
    Kind.TAKEN_OVER: _claimed,
    Kind.RELEASED: _given_back,
    Kind.LAPSED: _given_back,
    Kind.SNOOZED: _snoozed,
    Kind.WOKEN: _woken,
    Kind.PROPOSED: _proposed,
    Kind.RETURNED: _returned,
    Kind.APPROVED: _closed,
    Kind.CONCLUDED: _closed,
    Kind.LOOKED: _closed,
    Kind.CLOSED: _closed,
    Kind.NOTED: _noted,
    Kind.ESCALATED: _escalated,
}
