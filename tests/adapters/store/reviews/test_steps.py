"""A step writes everything that follows from it, in one transaction, and nothing on what has changed."""

from uuid import UUID

import pytest

from adapters.store.events.reader import PgEvents
from domain.errors import BrokenSeal
from domain.events.event import EventType
from domain.model import Outcome
from domain.reviews.case import Because, CaseState, Priority
from domain.reviews.errors import (
    CaseClosed,
    EvidenceChanged,
    NoSuchCase,
    SamePerson,
)
from domain.reviews.history import Kind
from domain.views.events import EVERYTHING
from tests.adapters.store.reviews.conftest import replayed
from tests.support.payloads.callbacks import policy_with
from tests.support.storage.reviews import APPROVAL, CHEN, LI_NA, REJECTION, WANG, Reviews
from tests.support.storage.stores import biz_id, callback, payload


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
