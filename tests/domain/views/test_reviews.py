"""The place of a case in its list, behind which the next page goes on."""

from datetime import timedelta

import pytest

from domain.model import Outcome
from domain.reviews.case import CaseState, Priority, ReviewCase
from domain.views.reviews import ListedCase
from tests.domain.reviews.cases import NOW, a_case

LATER = NOW + timedelta(hours=1)


def listed(case: ReviewCase) -> ListedCase:
    return ListedCase(case, "1700000000,a", None, Outcome.REVIEW, ())


@pytest.mark.parametrize("priority", list(Priority))
def test_an_open_case_has_its_priority_and_its_time_limit(priority: Priority) -> None:
    case = a_case(priority=priority, due_at=LATER)
    assert listed(case).place == (priority.value, LATER, case.id)


@pytest.mark.parametrize("priority", list(Priority))
def test_a_closed_case_has_the_time_of_its_end_whatever_its_priority(priority: Priority) -> None:
    case = a_case(priority=priority, state=CaseState.CLOSED, due_at=NOW, closed_at=LATER)
    assert listed(case).place == (0, LATER, case.id)


def test_a_place_is_plain_numbers_for_a_cursor() -> None:
    assert type(listed(a_case()).place[0]) is int
