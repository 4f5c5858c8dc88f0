"""A case is claimed by one person at a time, in the order of urgency, and only within that person's apps."""

from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from adapters.store.events.reader import PgEvents
from adapters.store.reviews import steps
from adapters.store.statements.bulk import bulk_connection
from domain.events.event import EventType
from domain.reviews.case import CaseState, Priority
from domain.reviews.errors import (
    ClaimedByAnother,
    LeaseLost,
    NoSuchCase,
    PersonRequired,
)
from domain.reviews.history import Kind
from domain.views.events import EVERYTHING
from tests.adapters.store.reviews.conftest import replayed
from tests.support.payloads.callbacks import policy_with
from tests.support.storage.reviews import APPROVAL, BEGIN, CHEN, LI_NA, REJECTION, WANG, Reviews, person
from usecases.reviews.sweep import tend_cases


async def test_a_stale_fence_changes_nothing(reviews: Reviews) -> None:
    case_id = await reviews.case()
    first = await reviews.desk.claim(case_id, LI_NA)
    reviews.clock.now += timedelta(minutes=11)
    second = await reviews.desk.claim(case_id, LI_NA)
    assert (first.fence, second.fence) == (1, 2)
    shown = await reviews.hash_of(case_id)
    with pytest.raises(LeaseLost):
        await reviews.desk.propose(case_id, LI_NA, REJECTION, evidence_hash=shown, fence=1)
    with pytest.raises(LeaseLost):
        await reviews.desk.renew(case_id, LI_NA, fence=1)
    await reviews.desk.propose(case_id, LI_NA, REJECTION, evidence_hash=shown, fence=2)


async def test_a_write_on_an_older_state_changes_nothing(reviews: Reviews) -> None:
    case_id = await reviews.case()
    before = (await reviews.desk.find(case_id, WANG)).listed.case
    await reviews.desk.claim(case_id, LI_NA)
    async with bulk_connection(reviews.store.engine, as_one=True) as connection:
        with pytest.raises(LeaseLost):
            await steps.write_renewal(connection, before, before)


async def test_another_persons_claim_holds(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.desk.claim(case_id, LI_NA)
    with pytest.raises(ClaimedByAnother) as refused:
        await reviews.desk.claim(case_id, WANG)
    assert (refused.value.name, refused.value.lease_until) == ("person:p1", BEGIN + timedelta(minutes=10))
    assert await reviews.desk.next(WANG) is None
    taken = await reviews.desk.take_over(case_id, WANG)
    assert taken.claim is not None
    assert (taken.claim.name, taken.fence) == ("person:p2", 2)


async def test_a_case_of_another_app_does_not_exist(reviews: Reviews) -> None:
    case_id = await reviews.case()
    stranger = person(9, app_ids=("shop",))
    for attempt in (reviews.desk.find(case_id, stranger), reviews.desk.claim(case_id, stranger)):
        with pytest.raises(NoSuchCase):
            await attempt
    with pytest.raises(NoSuchCase):
        await reviews.desk.claim(uuid4(), WANG)
    assert await reviews.desk.next(stranger) is None


async def test_a_program_cannot_review(reviews: Reviews) -> None:
    case_id = await reviews.case()
    program = replace(WANG, actor=replace(WANG.actor, person_id=None))
    with pytest.raises(PersonRequired):
        await reviews.desk.claim(case_id, program)


async def test_the_most_urgent_case_comes_first(reviews: Reviews) -> None:
    urgent = policy_with(review={"priority": {"default": "urgent"}})
    ids = [await reviews.case(1), await reviews.case(2, policy=urgent), await reviews.case(3)]
    got = [await reviews.desk.next(LI_NA) for _ in range(4)]
    found = [None if case is None else case.id for case in got]
    assert (found[0], found[3]) == (ids[1], None)
    assert set(found[:3]) == set(ids)


async def test_a_proposed_case_is_next_for_seniors_alone(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.conclude(case_id, WANG, APPROVAL)
    assert await reviews.desk.next(LI_NA) is None
    got = await reviews.desk.next(CHEN)
    assert got is not None
    assert (got.id, got.state) == (case_id, CaseState.PROPOSED)


async def test_sweeps_end_claims_and_snoozes_and_raise_priorities(reviews: Reviews) -> None:
    claimed, snoozed = await reviews.case(1), await reviews.case(2)
    await reviews.desk.claim(claimed, LI_NA)
    await reviews.desk.claim(snoozed, LI_NA)
    await reviews.desk.snooze(snoozed, LI_NA, until=BEGIN + timedelta(minutes=30))
    assert await tend_cases(reviews.cases, now=BEGIN) == 0
    assert await tend_cases(reviews.cases, now=BEGIN + timedelta(minutes=30)) == 2
    first, second = [await replayed(reviews, each) for each in (claimed, snoozed)]
    assert (first.claim, first.state, second.state) == (None, CaseState.OPEN, CaseState.OPEN)
    assert await tend_cases(reviews.cases, now=BEGIN + timedelta(hours=4)) == 2
    assert (await replayed(reviews, claimed)).priority is Priority.HIGH
    kinds = [each.event.kind for each in (await reviews.desk.find(claimed, WANG)).events]
    assert kinds == [Kind.OPENED, Kind.CLAIMED, Kind.LAPSED, Kind.ESCALATED]


async def test_an_overdue_case_is_told_of(reviews: Reviews) -> None:
    case_id = await reviews.case()
    before = await PgEvents(reviews.store.engine).newest()
    await tend_cases(reviews.cases, now=BEGIN + timedelta(hours=4))
    [event] = (await PgEvents(reviews.store.engine).page(EVERYTHING, after=before, limit=100)).items
    assert (event.type, event.app_id) == (EventType.REVIEW_OVERDUE, "demo")
    assert event.body.detail == {"case_id": str(case_id), "priority": "high"}
