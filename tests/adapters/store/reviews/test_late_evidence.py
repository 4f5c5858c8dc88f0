"""Evidence that comes after the decision opens a case, or is noted on the open one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.model import Outcome
from domain.reviews.case import Because, CaseState
from domain.reviews.history import Kind
from domain.verifications.lease import Lease
from tests.support.storage.reviews import BEGIN, LI_NA, WANG, Reviews
from tests.support.storage.stores import callback, payload

CANCELLED = payload(status="CANCELLED")


async def cases_of(reviews: Reviews, verification: UUID) -> list[dict[str, Any]]:
    columns = "id, opened_because, state, due_at"
    return await reviews.rows(f"SELECT {columns} FROM review_cases WHERE verification_id = '{verification}'")


async def test_a_callback_that_contradicts_opens_a_case(reviews: Reviews) -> None:
    verification = await reviews.verification(outcome=Outcome.APPROVED)
    assert await cases_of(reviews, verification) == []
    await reviews.store.record(callback(CANCELLED))
    [case] = await cases_of(reviews, verification)
    assert (case["opened_because"], case["state"]) == (Because.LATE_EVIDENCE, "open")
    assert (await reviews.store.events(verification))[-2:] == ["callback.conflict", "review.opened"]
    await reviews.store.record(callback(CANCELLED))
    assert len(await cases_of(reviews, verification)) == 1


async def test_the_same_end_once_more_and_a_conflict_before_the_decision_open_none(reviews: Reviews) -> None:
    verification = await reviews.verification(outcome=Outcome.APPROVED)
    await reviews.store.record(callback(payload() | {"another": 1}))
    await reviews.store.record(callback(payload(2)))
    await reviews.store.record(callback(payload(2, status="CANCELLED")))
    assert await cases_of(reviews, verification) == []
    assert await reviews.rows("SELECT * FROM review_cases") == []


async def test_it_is_noted_on_an_open_case_and_ends_a_snooze(reviews: Reviews) -> None:
    verification = await reviews.verification()
    case_id = await reviews.case_of(verification)
    await reviews.desk.claim(case_id, LI_NA)
    await reviews.desk.snooze(case_id, LI_NA, until=BEGIN + timedelta(days=1))
    await reviews.store.record(callback(CANCELLED))
    view = await reviews.desk.find(case_id, WANG)
    assert view.listed.case.state is CaseState.OPEN
    assert view.listed.case.snoozed_until is None
    last = view.events[-1].event
    assert (last.kind, last.detail.because, last.actor) == (
        Kind.NOTED,
        "callback.conflict",
        "gateway:worker",
    )
    assert last.seq == view.listed.case.seq


async def test_a_result_with_another_outcome_opens_a_case(reviews: Reviews) -> None:
    recorded = await reviews.store.record()
    await reviews.store.decide(recorded, outcome=Outcome.APPROVED)
    lease: Lease = recorded.lease
    await reviews.store.due.note(lease, event="result.obtained", detail={"outcome": "approved"})
    await reviews.store.due.note(lease, event="result.unavailable", detail={"reason": "x"})
    assert await reviews.rows("SELECT * FROM review_cases") == []
    await reviews.store.due.note(lease, event="result.obtained", detail={"outcome": "rejected"})
    [case] = await cases_of(reviews, recorded.verification_id)
    assert case["opened_because"] == Because.LATE_EVIDENCE
