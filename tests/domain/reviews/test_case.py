"""A case's time limits, and the priority that a policy gives it."""

from datetime import timedelta

import pytest

from domain.reviews.case import CaseState, Claim, Priority, Shown, priority_of
from tests.domain.reviews.cases import LI_NA, NOW, a_case

TICK = timedelta(microseconds=1)
CLAIM = Claim(LI_NA.person_id, LI_NA.name, NOW)
WORDS = {"default": "low", "attack.detected": "urgent", "face.doubtful": "high", "card.expired": "normal"}


def test_a_claim_holds_until_its_lease_ends() -> None:
    case = a_case(claim=CLAIM)
    assert case.claimed_at_time(NOW - TICK) == CLAIM
    assert case.claimed_at_time(NOW) is None
    assert a_case().claimed_at_time(NOW) is None


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (CaseState.OPEN, Shown.CLAIMED),
        (CaseState.SNOOZED, Shown.SNOOZED),
        (CaseState.PROPOSED, Shown.PROPOSED),
        (CaseState.CLOSED, Shown.CLOSED),
    ],
)
def test_only_an_open_case_is_shown_as_claimed(state: CaseState, shown: Shown) -> None:
    assert a_case(state=state, claim=CLAIM).shown_state(NOW - TICK) is shown


def test_a_case_is_overdue_from_its_due_time_until_it_ends() -> None:
    assert not a_case(due_at=NOW + TICK).is_overdue(NOW)
    assert a_case(due_at=NOW).is_overdue(NOW)
    assert a_case(due_at=NOW, state=CaseState.SNOOZED).is_overdue(NOW)
    assert not a_case(due_at=NOW, state=CaseState.CLOSED).is_overdue(NOW)


@pytest.mark.parametrize(
    ("codes", "priority"),
    [
        ((), Priority.LOW),
        (("unknown.code",), Priority.LOW),
        (("card.expired",), Priority.NORMAL),
        (("card.expired", "attack.detected", "face.doubtful"), Priority.URGENT),
        (("unknown.code", "face.doubtful"), Priority.HIGH),
    ],
)
def test_the_most_urgent_reason_gives_the_priority(codes: tuple[str, ...], priority: Priority) -> None:
    assert priority_of(WORDS, codes) is priority


def test_without_a_default_a_case_is_normal() -> None:
    assert priority_of({}, ()) is Priority.NORMAL
    assert priority_of({"face.doubtful": "low"}, ("face.doubtful",)) is Priority.LOW
    assert priority_of({"face.doubtful": "low"}, ("face.doubtful", "other")) is Priority.NORMAL


def test_a_priority_reads_back_from_its_word() -> None:
    for priority in Priority:
        assert priority_of({"default": priority.word}, ()) is priority
