"""A person's conclusion changes the outcome that counts, and nothing of the decision."""

from typing import Any

import pytest

from adapters.store.events.reader import PgEvents
from adapters.store.lookups.listed import CONCLUSIONS
from adapters.store.lookups.lists import find_ids
from domain.events.event import EventType
from domain.model import Outcome, verification_id
from domain.views.events import EVERYTHING
from domain.views.verifications import Filters
from tests.support.storage.stores import Store, biz_id, callback, payload

REASON = "face.below_threshold"


async def decided(store: Store, *outcomes: Outcome) -> None:
    """Verifications from 1 on with these outcomes."""
    for n, outcome in enumerate(outcomes, start=1):
        await store.decide(await store.record(callback(payload(n))), outcome=outcome)


async def listed(store: Store, **filters: Any) -> list[int]:
    """The numbers of the verifications that these filters find, newest first."""
    numbers = {verification_id("demo", biz_id(n)): n for n in range(1, 10)}
    found = await find_ids(store.engine, Filters(app_ids=["demo"], **filters), limit=50)
    return [numbers[each] for each in found]


@pytest.mark.parametrize("conclusion", CONCLUSIONS)
@pytest.mark.parametrize("outcome", Outcome)
async def test_both_outcomes_find_a_verification(store: Store, outcome: Outcome, conclusion: Outcome) -> None:
    await decided(store, outcome)
    await store.conclude(outcome=conclusion)
    for biz_no in (None, "order-1"):
        for reason in (None, REASON) if outcome is not Outcome.APPROVED else (None,):
            rest = {"biz_no": biz_no, "reason": reason}
            for each in Outcome:
                assert await listed(store, outcome=each, **rest) == [1] * (each is outcome)
                assert await listed(store, effective_outcome=each, **rest) == [1] * (each is conclusion)
            assert await listed(store, outcome=outcome, effective_outcome=conclusion, **rest) == [1]
            assert await listed(store, state="decided", **rest) == [1]
            assert await listed(store, **rest) == [1]


async def test_the_newest_conclusion_counts(store: Store) -> None:
    await decided(store, Outcome.REVIEW, Outcome.REVIEW)
    assert await store.conclude(outcome=Outcome.APPROVED) == ["review>approved"]
    assert await store.conclude(outcome=Outcome.REJECTED) == ["review>rejected"]
    assert await listed(store, effective_outcome="rejected") == [1]
    assert await listed(store, effective_outcome="rejected", reason=REASON) == [1]
    assert await listed(store, effective_outcome="review") == [2]
    assert await listed(store, outcome="review") == [2, 1]


async def test_a_conclusion_changes_nothing_of_the_decision(store: Store) -> None:
    await decided(store, Outcome.REVIEW)
    before = await store.rows("SELECT d::text FROM decisions d")
    await store.conclude()
    assert await store.rows("SELECT d::text FROM decisions d") == before
    assert await store.rows("SELECT effective_outcome FROM verifications") == [("approved",)]


async def test_what_is_undecided_has_no_conclusion(store: Store) -> None:
    await store.record()
    assert await store.conclude() == []
    assert await store.rows("SELECT effective_outcome FROM verifications") == [(None,)]


async def test_a_reason_finds_decided_verifications_alone(store: Store) -> None:
    await decided(store, Outcome.REJECTED, Outcome.APPROVED, Outcome.INCOMPLETE)
    assert await listed(store, reason=REASON) == [3, 1]
    assert await listed(store, reason=REASON, outcome="incomplete") == [3]
    assert await listed(store, reason=REASON, state="received") == []
    assert await listed(store, reason="attack.mask") == []


async def test_events_after_a_conclusion_have_the_persons_outcome(store: Store) -> None:
    await decided(store, Outcome.REVIEW)
    await store.conclude(outcome=Outcome.REJECTED)
    await store.record(callback(payload() | {"status": "CANCELLED"}))
    first, conflict = (await PgEvents(store.engine).page(EVERYTHING, after=0, limit=9)).items
    assert first.body.effective_outcome is Outcome.REVIEW
    assert conflict.type == EventType.CONFLICT
    assert (conflict.body.outcome, conflict.body.effective_outcome) == (Outcome.REVIEW, Outcome.REJECTED)
