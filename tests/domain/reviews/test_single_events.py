"""What a single event makes of a case, and which events are refused."""

from datetime import timedelta
from typing import Any

import pytest

from domain.model import Outcome
from domain.reviews.case import CaseState, Claim, Priority, Proposal, ReviewCase
from domain.reviews.history import CLOSING, CaseEvent, Detail, Kind, apply, replay
from tests.domain.reviews.cases import LI_NA, NOW, WANG, a_case, first_event

UNTIL = NOW + timedelta(minutes=10)
CLAIM = Claim(LI_NA.person_id, LI_NA.name, UNTIL)
PROPOSAL = Proposal(LI_NA.person_id, LI_NA.name, Outcome.APPROVED, ("person.matches",), 2)


def event(case: ReviewCase, kind: Kind, **changes: Any) -> CaseEvent:
    """The next event of the case, by Li Na."""
    fields: dict[str, Any] = {
        "case_id": case.id,
        "seq": case.seq + 1,
        "at": NOW,
        "actor": LI_NA.name,
        "person_id": LI_NA.person_id,
        "kind": kind,
    }
    return CaseEvent(**fields | changes)


def test_an_event_of_another_case_is_refused() -> None:
    case = a_case()
    other = event(case, Kind.NOTED, case_id=case.verification_id)
    with pytest.raises(ValueError, match="does not follow"):
        apply(case, other)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (Kind.CLAIMED, {"detail": Detail(fence=1, until=UNTIL), "person_id": None}),
        (Kind.CLAIMED, {"detail": Detail(fence=1)}),
        (Kind.CLAIMED, {"detail": Detail(until=UNTIL)}),
        (Kind.PROPOSED, {"detail": Detail()}),
        (Kind.PROPOSED, {"detail": Detail(outcome=Outcome.APPROVED), "person_id": None}),
    ],
)
def test_an_event_without_a_member_of_its_kind_is_refused(kind: Kind, changes: dict[str, Any]) -> None:
    case = a_case()
    with pytest.raises(ValueError, match="without a member"):
        apply(case, event(case, kind, **changes))


@pytest.mark.parametrize("kind", [Kind.CLAIMED, Kind.TAKEN_OVER])
def test_a_claim_of_a_snoozed_case_wakes_it(kind: Kind) -> None:
    case = a_case(state=CaseState.SNOOZED, snoozed_until=UNTIL)
    after = apply(case, event(case, kind, detail=Detail(fence=1, until=UNTIL)))
    assert (after.claim, after.claimed_at, after.fence) == (CLAIM, NOW, 1)
    assert (after.state, after.snoozed_until, after.seq) == (CaseState.OPEN, None, 2)


@pytest.mark.parametrize("kind", [Kind.RELEASED, Kind.LAPSED])
def test_a_case_given_back_keeps_its_fence_and_its_proposal(kind: Kind) -> None:
    case = a_case(state=CaseState.PROPOSED, claim=CLAIM, claimed_at=NOW, fence=4, proposal=PROPOSAL)
    after = apply(case, event(case, kind))
    assert (after.claim, after.claimed_at) == (None, None)
    assert (after.state, after.fence, after.proposal) == (CaseState.PROPOSED, 4, PROPOSAL)


def test_a_snooze_ends_the_claim_and_new_evidence_ends_the_snooze() -> None:
    case = a_case(claim=CLAIM, claimed_at=NOW)
    snoozed = apply(case, event(case, Kind.SNOOZED, detail=Detail(until=UNTIL)))
    assert (snoozed.state, snoozed.snoozed_until, snoozed.claim) == (CaseState.SNOOZED, UNTIL, None)
    for kind in (Kind.WOKEN, Kind.NOTED):
        woken = apply(snoozed, event(snoozed, kind, person_id=None))
        assert (woken.state, woken.snoozed_until) == (CaseState.OPEN, None)


def test_a_note_leaves_a_proposed_case_proposed() -> None:
    case = a_case(state=CaseState.PROPOSED, proposal=PROPOSAL)
    after = apply(case, event(case, Kind.NOTED))
    assert (after.state, after.proposal) == (CaseState.PROPOSED, PROPOSAL)


def test_a_proposal_waits_for_another_person_and_returns_to_the_queue() -> None:
    case = a_case(claim=CLAIM, claimed_at=NOW)
    detail = Detail(outcome=Outcome.APPROVED, reasons=("person.matches",))
    proposed = apply(case, event(case, Kind.PROPOSED, detail=detail))
    assert (proposed.state, proposed.claim, proposed.proposal) == (CaseState.PROPOSED, None, PROPOSAL)
    back = event(proposed, Kind.RETURNED, person_id=WANG.person_id, actor=WANG.name)
    returned = apply(proposed, back)
    assert (returned.state, returned.proposal, returned.claim) == (CaseState.OPEN, None, None)


@pytest.mark.parametrize("kind", sorted(CLOSING))
def test_a_closed_case_is_not_claimed_snoozed_or_escalated(kind: Kind) -> None:
    case = a_case(state=CaseState.SNOOZED, snoozed_until=UNTIL, claim=CLAIM, claimed_at=NOW)
    after = apply(case, event(case, kind))
    assert (after.state, after.closed_at) == (CaseState.CLOSED, NOW)
    assert (after.claim, after.snoozed_until, after.escalate_at) == (None, None, None)


@pytest.mark.parametrize(("priority", "expected"), [(4, Priority.URGENT), (None, Priority.HIGH)])
def test_an_escalation_sets_the_priority_that_it_names(priority: int | None, expected: Priority) -> None:
    case = a_case(priority=Priority.HIGH)
    after = apply(case, event(case, Kind.ESCALATED, detail=Detail(priority=priority, until=UNTIL)))
    assert (after.priority, after.escalate_at) == (expected, UNTIL)


def test_a_replay_starts_from_the_opening_whatever_the_case_is_now() -> None:
    opened = a_case(priority=Priority.LOW)
    now = a_case(
        priority=Priority.URGENT,
        state=CaseState.CLOSED,
        seq=9,
        fence=3,
        claim=CLAIM,
        closed_at=NOW,
        proposal=PROPOSAL,
        escalate_at=None,
    )
    assert replay(now, [first_event(opened)]) == opened
