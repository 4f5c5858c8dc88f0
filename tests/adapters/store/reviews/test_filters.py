"""The filters of the list of cases."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from adapters.store.statements.bulk import bulk_connection
from domain.reviews.case import Priority, Shown
from domain.views.reviews import CaseFilter
from tests.support.storage.reviews import APPROVAL, CHEN, LI_NA, WANG, Reviews

RANK = "UPDATE review_cases SET priority = $2, due_at = due_at + $3 WHERE id = $1"


@pytest.fixture
async def cases(reviews: Reviews) -> dict[UUID, str]:
    """Four cases by their names: an urgent one and a late one that wait, two that persons work on."""
    names = {await reviews.case(n): name for n, name in enumerate(("urgent", "late", "mine", "theirs"), 1)}
    ranks = {"urgent": (4, 0), "late": (1, -1), "mine": (3, 0), "theirs": (3, 0)}
    async with bulk_connection(reviews.store.engine) as connection:
        for case_id, name in names.items():
            priority, days = ranks[name]
            await connection.execute(RANK, case_id, priority, timedelta(days=days))
    by_name = {name: case_id for case_id, name in names.items()}
    await reviews.desk.claim(by_name["mine"], LI_NA)
    await reviews.desk.claim(by_name["theirs"], WANG)
    return names


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {"urgent", "late", "mine", "theirs"}),
        ({"priority": Priority.URGENT}, {"urgent"}),
        ({"priority": Priority.HIGH, "state": Shown.CLAIMED}, {"mine", "theirs"}),
        ({"overdue": True}, {"late"}),
        ({"overdue": True, "priority": Priority.URGENT}, set()),
        ({"held_by": LI_NA.actor.person_id}, {"mine"}),
        ({"held_by": LI_NA.actor.person_id, "state": Shown.CLAIMED}, {"mine"}),
        ({"held_by": LI_NA.actor.person_id, "state": Shown.PROPOSED}, set()),
        ({"held_by": LI_NA.actor.person_id, "overdue": True}, set()),
        ({"held_by": CHEN.actor.person_id}, set()),
    ],
)
async def test_a_filter_leaves_these(
    reviews: Reviews, cases: dict[UUID, str], chosen: dict[str, Any], expected: set[str]
) -> None:
    found = await reviews.desk.page(CaseFilter(app_ids=["demo"], **chosen), limit=50)
    assert {cases[each.case.id] for each in found} == expected


async def test_pages_of_one_priority_follow_each_other(reviews: Reviews) -> None:
    made = {await reviews.case(n) for n in range(1, 6)}
    which = CaseFilter(app_ids=["demo"], priority=Priority.NORMAL)
    first = await reviews.desk.page(which, limit=3)
    second = await reviews.desk.page(which, limit=3, after=first[-1].place)
    assert {each.case.id for each in (*first, *second)} == made
    assert (len(first), len(second)) == (3, 2)


async def test_a_proposal_in_hand_is_ones_own_too(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.conclude(case_id, LI_NA, APPROVAL)
    await reviews.desk.claim(case_id, WANG)
    found = await reviews.desk.page(
        CaseFilter(app_ids=["demo"], held_by=WANG.actor.person_id, state=Shown.PROPOSED), limit=5
    )
    assert [each.case.id for each in found] == [case_id]
