"""The figures of reviews: what waits, what was concluded for which reason, and how quickly."""

from datetime import timedelta

import pytest

from adapters.store.lookups.figures import PgFigures
from domain.model import Outcome
from domain.reviews.case import Shown
from domain.views.reviews import Conclusions, ReviewFigures, ReviewPace, WaitingCases
from tests.support.payloads.callbacks import policy_with
from tests.support.storage.reviews import APPROVAL, BEGIN, LI_NA, REJECTION, WANG, Reviews
from tests.support.storage.stores import NOW, Store

CODE = "face.below_threshold"


@pytest.fixture
def reviews(store: Store) -> Reviews:
    return Reviews(store)


async def figures_of(reviews: Reviews) -> ReviewFigures:
    return (await PgFigures(reviews.store.engine).read(reviews.clock())).reviews


async def test_what_waits_is_counted_by_state(reviews: Reviews) -> None:
    assert await figures_of(reviews) == ReviewFigures()
    ids = [await reviews.case(n) for n in range(1, 4)]
    await reviews.conclude(ids[0], LI_NA, APPROVAL)
    reviews.clock.now = NOW + timedelta(hours=5)
    age = timedelta(hours=5)
    assert (await figures_of(reviews)).waiting == (
        WaitingCases("demo", Shown.OPEN, 2, 2, age),
        WaitingCases("demo", Shown.PROPOSED, 1, 1, age),
    )


async def test_conclusions_are_counted_by_reason_and_pace(reviews: Reviews) -> None:
    twice = policy_with(review={"second_look": 1.0, "four_eyes": []})
    first, second = await reviews.case(1, policy=twice), await reviews.case(2)
    await reviews.conclude(first, LI_NA, APPROVAL)
    await reviews.desk.claim(second, LI_NA)
    reviews.clock.now += timedelta(seconds=60)
    shown = await reviews.hash_of(second, LI_NA)
    await reviews.desk.propose(second, LI_NA, REJECTION, evidence_hash=shown)
    look = await reviews.desk.next(WANG)
    assert look is not None
    await reviews.conclude(look.id, WANG, APPROVAL)
    figures = await figures_of(reviews)
    assert set(figures.conclusions) == {
        Conclusions("demo", CODE, Outcome.REVIEW, Outcome.APPROVED, 1),
        Conclusions("demo", CODE, Outcome.REVIEW, Outcome.REJECTED, 1),
    }
    pace = ReviewPace("demo", concluded=2, hasty=1, median_seconds=90.0, looked=1, agreed=1)
    assert figures.pace == (pace,)
    reviews.clock.now = BEGIN + timedelta(days=2)
    later = await figures_of(reviews)
    assert (later.conclusions, later.pace) == ((), ())
