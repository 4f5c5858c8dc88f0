"""A step writes everything that follows from it, in one transaction, and nothing on what has changed."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from adapters.store.events.reader import PgEvents
from adapters.store.reviews import steps
from adapters.store.statements.bulk import bulk_connection
from domain.errors import BrokenSeal
from domain.events.event import EventType
from domain.model import Outcome
from domain.reviews.case import Because, CaseState, Priority, ReviewCase
from domain.reviews.errors import (
    CaseClosed,
    ClaimedByAnother,
    EvidenceChanged,
    LeaseLost,
    NoSuchCase,
    PersonRequired,
    SamePerson,
)
from domain.reviews.history import Kind, replay
from domain.views.events import EVERYTHING
from tests.support.payloads.callbacks import policy_with
from tests.support.storage.reviews import APPROVAL, BEGIN, CHEN, LI_NA, REJECTION, WANG, Reviews, person
from tests.support.storage.stores import biz_id, callback, payload
from usecases.reviews.sweep import tend_cases


async def replayed(reviews: Reviews, case_id: UUID) -> ReviewCase:
    """The stored case, which is what its events say."""
    view = await reviews.desk.find(case_id, WANG)
    case = view.listed.case
    again = replay(case, [each.event for each in view.events])
    assert replace(again, claim=None) == replace(case, claim=None)
    return case


async def test_an_approval_by_two_persons_counts(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.conclude(case_id, LI_NA, APPROVAL)
    assert (await replayed(reviews, case_id)).state is CaseState.PROPOSED
    assert await reviews.rows("SELECT * FROM reviews") == []
    await reviews.desk.claim(case_id, WANG)
    await reviews.desk.approve(case_id, WANG, evidence_hash=await reviews.hash_of(case_id))
    assert (await replayed(reviews, case_id)).state is CaseState.CLOSED
    [review] = await reviews.rows("SELECT * FROM reviews")
    assert (review["n"], review["outcome"], review["reasons"]) == (1, "approved", ["person.matches"])
    assert (review["proposed_by"], review["approved_by"]) == (UUID(int=1), UUID(int=2))
    [verification] = await reviews.rows("SELECT listed_as, effective_outcome FROM verifications")
    assert verification == {"listed_as": "review>approved", "effective_outcome": "approved"}


async def test_the_event_the_timeline_and_the_audit_tell_of_it(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.conclude(case_id)
    events = (await PgEvents(reviews.store.engine).page(EVERYTHING, after=0, limit=100)).items
    last = events[-1]
    assert (last.type, last.body.outcome, last.body.effective_outcome) == (
        EventType.REVIEWED,
        Outcome.REVIEW,
        Outcome.REJECTED,
    )
    assert last.body.detail == {"case_id": str(case_id), "review": 1, "reasons": ["attack.confirmed"]}
    [entry] = await reviews.rows("SELECT detail FROM timeline WHERE event = 'review.concluded'")
    assert entry["detail"] == {
        "case_id": str(case_id),
        "outcome": "rejected",
        "reasons": ["attack.confirmed"],
    }
    audit = await reviews.rows("SELECT action, actor, subject, address, reason FROM audit ORDER BY id")
    assert [row["action"] for row in audit] == ["review.claimed", "review.concluded"]
    assert audit[1] == {
        "action": "review.concluded",
        "actor": "person:p1",
        "subject": str(case_id),
        "address": "10.0.0.7",
        "reason": "attack.confirmed",
    }


async def test_a_note_is_sealed_and_shown_to_reviewers(reviews: Reviews) -> None:
    case_id = await reviews.case(policy=policy_with(review={"four_eyes": []}))
    await reviews.conclude(case_id, LI_NA, APPROVAL)
    both = "SELECT e.note_ct AS one, r.note_ct AS other FROM review_events e, reviews r"
    [notes] = await reviews.rows(f"{both} WHERE e.note_ct IS NOT NULL")
    assert APPROVAL.note is not None
    for sealed in notes.values():
        assert isinstance(sealed, bytes)
        assert APPROVAL.note.encode() not in sealed
        assert len(sealed) > len(APPROVAL.note.encode())
    view = await reviews.desk.find(case_id, WANG)
    assert [each.note for each in view.events if each.note] == [APPROVAL.note]


async def test_an_approved_proposal_keeps_its_note(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.conclude(case_id, LI_NA, APPROVAL)
    await reviews.desk.claim(case_id, WANG)
    await reviews.desk.approve(case_id, WANG, evidence_hash=await reviews.hash_of(case_id))
    [row] = await reviews.rows("SELECT note_ct IS NOT NULL AS kept FROM reviews")
    assert row["kept"]


async def test_without_its_key_a_case_is_readable_and_no_note_is_written(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.conclude(case_id, LI_NA, APPROVAL)
    async with reviews.store.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE verifications SET wrapped_key = NULL")
    assert [each.note for each in (await reviews.desk.find(case_id, WANG)).events] == [None] * 3
    await reviews.desk.claim(case_id, WANG)
    with pytest.raises(BrokenSeal):
        await reviews.desk.return_(case_id, WANG, note="why?")
    await reviews.desk.return_(case_id, WANG, note=None)


async def test_new_evidence_refuses_a_conclusion_and_says_what(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.desk.claim(case_id, LI_NA)
    shown = await reviews.hash_of(case_id)
    await reviews.store.record(callback(payload() | {"another": 1}))
    with pytest.raises(EvidenceChanged) as refused:
        await reviews.desk.propose(case_id, LI_NA, REJECTION, evidence_hash=shown)
    assert refused.value.what == ("documents",)
    assert refused.value.evidence_hash == await reviews.hash_of(case_id)
    assert await reviews.rows("SELECT * FROM reviews") == []
    await reviews.desk.propose(case_id, LI_NA, REJECTION, evidence_hash=refused.value.evidence_hash)


async def test_an_earlier_review_is_evidence(reviews: Reviews) -> None:
    verification = await reviews.verification()
    first = await reviews.case_of(verification)
    shown = await reviews.hash_of(first)
    await reviews.conclude(first)
    second = await reviews.case_of(verification, because=Because.APPEAL)
    await reviews.desk.claim(second, WANG)
    with pytest.raises(EvidenceChanged, match="reviews"):
        await reviews.desk.propose(second, WANG, APPROVAL, evidence_hash=shown)
    await reviews.conclude(second, WANG, APPROVAL)
    await reviews.desk.claim(second, CHEN)
    await reviews.desk.approve(second, CHEN, evidence_hash=await reviews.hash_of(second))
    reviewed = await reviews.rows("SELECT n, outcome FROM reviews ORDER BY n")
    assert [tuple(each.values()) for each in reviewed] == [(1, "rejected"), (2, "approved")]


async def test_who_proposed_does_not_approve(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.conclude(case_id, WANG, APPROVAL)
    shown = await reviews.hash_of(case_id)
    for attempt in (
        reviews.desk.claim(case_id, WANG),
        reviews.desk.take_over(case_id, WANG),
        reviews.desk.approve(case_id, WANG, evidence_hash=shown),
        reviews.desk.return_(case_id, WANG, note=None),
    ):
        with pytest.raises(SamePerson):
            await attempt
    assert await reviews.desk.next(WANG) is None


async def test_the_database_knows_no_review_of_one_person_alone(reviews: Reviews) -> None:
    insert = """INSERT INTO reviews VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'demo', 'approved', '{}',
        NULL, '00000000-0000-0000-0000-000000000001', 'a', '00000000-0000-0000-0000-000000000001', 'a', '',
        now(), now(), now())"""
    with pytest.raises(Exception, match="reviews_four_eyes"):
        async with reviews.store.engine.begin() as connection:
            await connection.exec_driver_sql(insert)


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


async def test_a_second_look_is_blind_and_another_persons(reviews: Reviews) -> None:
    case_id = await reviews.case(policy=policy_with(review={"second_look": 1.0}))
    verification = (await reviews.desk.find(case_id, WANG)).listed.case.verification_id
    await reviews.conclude(case_id, LI_NA)
    look = await reviews.case_of(verification)
    view = await reviews.desk.find(look, WANG)
    assert (view.listed.case.because, view.evidence.reviews) == (Because.SECOND_LOOK, ())
    with pytest.raises(SamePerson):
        await reviews.desk.claim(look, LI_NA)
    await reviews.conclude(look, WANG, APPROVAL)
    assert (await replayed(reviews, look)).state is CaseState.CLOSED
    [review] = await reviews.rows("SELECT outcome FROM reviews")
    assert review["outcome"] == "rejected"
    settled = await replayed(reviews, await reviews.case_of(verification))
    assert (settled.because, settled.priority) == (Because.LOOKS_DIFFER, Priority.HIGH)


async def test_an_appeal_opens_a_case_or_notes_it_on_the_open_one(reviews: Reviews) -> None:
    verification = await reviews.verification(outcome=Outcome.REJECTED)
    first = await reviews.desk.open(biz_id(), WANG, Because.APPEAL, note="it is me")
    again = await reviews.desk.open(biz_id(), WANG, Because.APPEAL, note="really")
    assert (first.is_new, again.is_new, again.case_id) == (True, False, first.case_id)
    view = await reviews.desk.find(first.case_id, WANG)
    assert [(each.event.kind, each.event.actor, each.note) for each in view.events] == [
        (Kind.OPENED, "person:p2", "it is me"),
        (Kind.NOTED, "person:p2", "really"),
    ]
    assert view.listed.case.verification_id == verification
    actions = await reviews.rows("SELECT action, reason FROM audit ORDER BY id")
    assert [tuple(row.values()) for row in actions] == [
        ("review.opened", "appeal"),
        ("review.noted", "appeal"),
    ]
    with pytest.raises(NoSuchCase):
        await reviews.desk.open(biz_id(2), WANG, Because.APPEAL, note=None)


async def test_a_closed_case_stays_closed(reviews: Reviews) -> None:
    case_id = await reviews.case()
    await reviews.desk.claim(case_id, LI_NA)
    await reviews.desk.close(case_id, LI_NA, reasons=["duplicate"])
    [verification] = await reviews.rows("SELECT listed_as, effective_outcome FROM verifications")
    assert verification == {"listed_as": "review", "effective_outcome": None}
    for attempt in (
        reviews.desk.claim(case_id, WANG),
        reviews.desk.propose(case_id, LI_NA, REJECTION, evidence_hash="1"),
        reviews.desk.approve(case_id, WANG, evidence_hash="1"),
    ):
        with pytest.raises(CaseClosed):
            await attempt


async def test_an_overdue_case_is_told_of(reviews: Reviews) -> None:
    case_id = await reviews.case()
    before = await PgEvents(reviews.store.engine).newest()
    await tend_cases(reviews.cases, now=BEGIN + timedelta(hours=4))
    [event] = (await PgEvents(reviews.store.engine).page(EVERYTHING, after=before, limit=100)).items
    assert (event.type, event.app_id) == (EventType.REVIEW_OVERDUE, "demo")
    assert event.body.detail == {"case_id": str(case_id), "priority": "high"}
