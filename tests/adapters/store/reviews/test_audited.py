"""Each step of a person has its row in the audit, with the person and from where."""

from datetime import timedelta

from tests.support.payloads.callbacks import policy_with
from tests.support.storage.reviews import APPROVAL, CHEN, LI_NA, REJECTION, WANG, Reviews


async def test_every_step_of_a_person_is_in_the_audit(reviews: Reviews) -> None:
    case_id, desk = await reviews.case(), reviews.desk
    await desk.claim(case_id, LI_NA)
    await desk.release(case_id, LI_NA)
    await desk.claim(case_id, LI_NA)
    await desk.take_over(case_id, WANG)
    await desk.snooze(case_id, WANG, until=reviews.clock() + timedelta(hours=1))
    await reviews.conclude(case_id, WANG, APPROVAL)
    await desk.claim(case_id, CHEN)
    await desk.return_(case_id, CHEN, note="look again")
    await reviews.conclude(case_id, LI_NA, APPROVAL)
    await desk.claim(case_id, WANG)
    await desk.approve(case_id, WANG, evidence_hash=await reviews.hash_of(case_id, WANG))
    rows = await reviews.rows(
        "SELECT action, actor, address FROM audit WHERE action <> 'review.claimed' ORDER BY id"
    )
    assert {row["address"] for row in rows} == {"10.0.0.7"}
    assert [(row["action"], row["actor"]) for row in rows] == [
        ("review.released", "person:p1"),
        ("review.taken_over", "person:p2"),
        ("review.snoozed", "person:p2"),
        ("review.proposed", "person:p2"),
        ("review.returned", "person:p3"),
        ("review.proposed", "person:p1"),
        ("review.approved", "person:p2"),
    ]


async def test_a_second_look_and_a_closed_case_are_in_the_audit(reviews: Reviews) -> None:
    case_id = await reviews.case(policy=policy_with(review={"second_look": 1.0}))
    verification = (await reviews.desk.find(case_id, WANG)).listed.case.verification_id
    await reviews.conclude(case_id, LI_NA)
    await reviews.conclude(await reviews.case_of(verification), WANG, REJECTION)
    last = await reviews.case_of(verification)
    await reviews.desk.claim(last, CHEN)
    await reviews.desk.close(last, CHEN, reasons=["duplicate"])
    rows = await reviews.rows(
        "SELECT action, actor FROM audit WHERE action IN ('review.looked', 'review.closed') ORDER BY id"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("review.looked", "person:p2"),
        ("review.closed", "person:p3"),
    ]
