"""Conclusions: whole, by who holds the case, and by two persons where the policy wants it."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from domain.model import Outcome
from domain.reviews import claims
from domain.reviews.case import Because, CaseState, ReviewCase, Reviewer
from domain.reviews.conclusion import Conclusion, approve, close, propose, return_, wants_second_look
from domain.reviews.errors import (
    ClaimedByAnother,
    ConclusionRefused,
    LeaseLost,
    NotClaimed,
    SamePerson,
    SeniorRequired,
    WrongState,
)
from domain.reviews.history import CaseEvent, Detail, Kind, apply
from domain.reviews.reasons import REASONS_FOR, REASONS_TO_CLOSE, TEXTS, ReviewReason
from tests.domain.reviews.cases import APPROVAL, CHEN, LI_NA, NOW, REJECTION, WANG, a_case


def claimed(case: ReviewCase, who: Reviewer) -> ReviewCase:
    event = claims.claim(case, who, NOW)
    assert event is not None
    return apply(case, event)


def concluded(conclusion: Conclusion, **changes: object) -> CaseEvent:
    case = claimed(a_case(**changes), LI_NA)
    return propose(case, LI_NA, NOW, conclusion, fence=1, evidence_hash="1", first=Outcome.REJECTED)


def proposed() -> ReviewCase:
    case = claimed(a_case(), LI_NA)
    return apply(case, propose(case, LI_NA, NOW, APPROVAL, fence=1, evidence_hash="1"))


@pytest.mark.parametrize(
    ("outcome", "reasons", "note"),
    [
        (Outcome.REVIEW, ("other",), "n"),
        (Outcome.APPROVED, (), "n"),
        (Outcome.APPROVED, ("person.matches",), None),
        (Outcome.APPROVED, ("person.matches",), " \n"),
        (Outcome.APPROVED, ("person.differs",), "n"),
        (Outcome.REJECTED, ("person.matches",), None),
        (Outcome.REJECTED, ("other", "other"), None),
        (Outcome.REJECTED, ("no.such",), None),
        (Outcome.REJECTED, ("other",), "n" * 2001),
    ],
)
def test_an_incomplete_conclusion_is_refused(
    outcome: Outcome, reasons: tuple[str, ...], note: str | None
) -> None:
    with pytest.raises(ConclusionRefused):
        Conclusion(outcome, reasons, note)


def test_the_policy_says_which_conclusions_need_two() -> None:
    assert concluded(APPROVAL).kind is Kind.PROPOSED
    assert concluded(REJECTION).kind is Kind.CONCLUDED
    assert concluded(APPROVAL, four_eyes=()).kind is Kind.CONCLUDED
    assert concluded(REJECTION, four_eyes=(Outcome.REJECTED,)).kind is Kind.PROPOSED


def test_another_senior_approves() -> None:
    case = claimed(proposed(), WANG)
    event = approve(case, WANG, NOW, fence=2, evidence_hash="2")
    assert (event.kind, event.detail.outcome, event.evidence_hash) == (Kind.APPROVED, Outcome.APPROVED, "2")
    assert apply(case, event).state is CaseState.CLOSED


def test_who_proposed_does_not_approve_even_with_a_claim() -> None:
    case = proposed()
    held = apply(case, claims.event_of(case, LI_NA, NOW, Kind.CLAIMED, Detail(fence=2, until=LATER)))
    senior = Reviewer(LI_NA.person_id, "person:another-session", may_approve=True)
    for attempt in (
        lambda: approve(held, senior, NOW, fence=None, evidence_hash="1"),
        lambda: return_(held, senior, NOW, note=None, fence=None),
        lambda: claims.claim(case, senior, NOW),
        lambda: claims.take_over(case, senior, NOW),
    ):
        with pytest.raises(SamePerson):
            attempt()


LATER = NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("case", "who", "now", "error"),
    [
        (proposed(), WANG, NOW, NotClaimed),
        (claimed(proposed(), WANG), WANG, LATER, LeaseLost),
        (claimed(proposed(), WANG), CHEN, NOW, ClaimedByAnother),
        (claimed(proposed(), WANG), Reviewer(UUID(int=9), "person:junior"), NOW, SeniorRequired),
        (claimed(a_case(), WANG), WANG, NOW, WrongState),
    ],
)
def test_an_approval_needs_a_proposal_a_senior_and_the_claim(
    case: ReviewCase, who: Reviewer, now: datetime, error: type[Exception]
) -> None:
    with pytest.raises(error):
        approve(case, who, now, fence=None, evidence_hash="1")


def test_a_returned_proposal_is_open_for_everyone() -> None:
    case = claimed(proposed(), WANG)
    returned = apply(case, return_(case, WANG, NOW, note="look at the card", fence=2))
    assert (returned.state, returned.proposal, returned.claim) == (CaseState.OPEN, None, None)
    assert claimed(returned, LI_NA).fence == 3


def test_two_proposals_cannot_be_made() -> None:
    with pytest.raises(WrongState):
        propose(claimed(proposed(), WANG), WANG, NOW, REJECTION, fence=None, evidence_hash="1")


def test_a_case_can_end_without_a_conclusion() -> None:
    case = claimed(a_case(), LI_NA)
    assert close(case, LI_NA, NOW, reasons=("duplicate",), fence=1).kind is Kind.CLOSED
    with pytest.raises(ConclusionRefused):
        close(case, LI_NA, NOW, reasons=("person.matches",), fence=1)


def test_a_second_look_is_compared_and_is_another_persons() -> None:
    look = {"because": Because.SECOND_LOOK, "not_for": (WANG.person_id,)}
    assert concluded(REJECTION, **look).detail.agrees is True
    assert concluded(APPROVAL, **look).detail.agrees is False
    assert concluded(APPROVAL, **look).kind is Kind.LOOKED
    with pytest.raises(SamePerson):
        claims.claim(a_case(**look), WANG, NOW)


def test_the_share_of_second_looks_is_the_policys() -> None:
    def chosen(share: float) -> int:
        return sum(wants_second_look(a_case(id=UUID(int=n), second_look=share)) for n in range(1000))

    assert (chosen(0.0), chosen(1.0)) == (0, 1000)
    assert 60 < chosen(0.1) < 140
    assert not wants_second_look(a_case(second_look=1.0, because=Because.SECOND_LOOK))


def test_every_reason_has_texts_and_a_use() -> None:
    used = {reason for reasons in REASONS_FOR.values() for reason in reasons} | {*REASONS_TO_CLOSE}
    assert set(TEXTS) == used == set(ReviewReason)
