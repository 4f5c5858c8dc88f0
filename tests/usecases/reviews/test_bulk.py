"""Many cases at once: counted first, each ended by itself, and never approved."""

from uuid import UUID, uuid4

import pytest

from domain.model import Outcome
from domain.reviews.errors import ConclusionRefused
from tests.support.storage.reviews import APPROVAL, LI_NA, WANG, Reviews
from tests.support.storage.stores import Store
from usecases.reviews.bulk import Bulk, BulkResult, count_cases, end_cases

REJECT = Bulk(Outcome.REJECTED, ("attack.confirmed",))


@pytest.fixture
def reviews(store: Store) -> Reviews:
    return Reviews(store)


@pytest.mark.parametrize(
    ("outcome", "reasons"),
    [
        (Outcome.APPROVED, ("person.matches",)),
        (Outcome.INCOMPLETE, ("user.must_repeat",)),
        (Outcome.REJECTED, ("person.matches",)),
    ],
)
def test_nothing_but_rejections_and_ends(outcome: Outcome, reasons: tuple[str, ...]) -> None:
    with pytest.raises(ConclusionRefused):
        Bulk(outcome, reasons)


async def test_each_case_ends_by_itself_and_says_so(reviews: Reviews) -> None:
    ids = [await reviews.case(n) for n in range(1, 5)]
    await reviews.desk.claim(ids[0], WANG)
    asked = [*ids, ids[1], uuid4()]
    assert await count_cases(reviews.desk, asked, LI_NA) == 4
    result = await end_cases(reviews.desk, asked, LI_NA, REJECT, expected=4)
    assert result == BulkResult(3, {"claimed_by_another": 1, "no_such_case": 1})
    kinds = await reviews.rows(
        "SELECT detail ->> 'in_bulk' AS bulk FROM review_events WHERE kind = 'concluded'"
    )
    assert [row["bulk"] for row in kinds] == ["true"] * 3
    again = await end_cases(reviews.desk, asked, LI_NA, REJECT, expected=1)
    assert again.done == 0


async def test_a_proposal_is_not_ended_and_stays_free(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.conclude(case_id, LI_NA, APPROVAL)
    result = await end_cases(reviews.desk, [case_id], WANG, REJECT, expected=1)
    assert result == BulkResult(0, {"wrong_state": 1})
    assert (await reviews.desk.find(case_id, WANG)).listed.case.claim is None


async def test_cases_can_be_closed_without_a_conclusion(reviews: Reviews) -> None:
    ids = [await reviews.case(n) for n in range(1, 3)]
    result = await end_cases(reviews.desk, ids, LI_NA, Bulk(None, ("duplicate",)), expected=2)
    assert result.done == 2
    assert await reviews.rows("SELECT * FROM reviews") == []


async def test_the_count_must_be_the_one_that_was_shown(reviews: Reviews) -> None:
    ids = [await reviews.case(1)]
    with pytest.raises(ConclusionRefused, match="not the one that was shown"):
        await end_cases(reviews.desk, ids, LI_NA, REJECT, expected=2)
    with pytest.raises(ConclusionRefused, match="500"):
        await count_cases(reviews.desk, [UUID(int=n) for n in range(501)], LI_NA)
