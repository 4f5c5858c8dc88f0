"""What is saved with a decision: the reasons that lists find it by, and the case of one that is `review`."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from domain.model import Outcome
from domain.policy.reasons import Code, Reason
from domain.reviews.case import Because
from domain.verifications.records import DecisionRecord, Recorded
from tests.support.payloads.callbacks import default_policy
from tests.support.storage.stores import NOW, Store, callback, decision_record, payload

REASONS = (Reason(Code.FACE_BELOW_THRESHOLD, "41.2 < 64"), Reason(Code.ATTACK_MASK, "0.9 > 0.5"))


def with_reasons(recorded: Recorded, outcome: Outcome, *reasons: Reason) -> DecisionRecord:
    """A decision with these reasons."""
    record = decision_record(recorded, outcome=outcome)
    decision = msgspec.structs.replace(record.decision, reasons=reasons)
    return msgspec.structs.replace(record, decision=decision)


async def cases(store: Store) -> list[tuple[object, ...]]:
    """The open cases with what they came from."""
    return await store.rows(
        "SELECT verification_id, app_id, opened_because, policy_hash, state, opened_at FROM review_cases"
    )


@pytest.mark.parametrize("outcome", Outcome)
async def test_only_what_is_to_be_reviewed_opens_a_case(store: Store, outcome: Outcome) -> None:
    recorded = await store.record()
    await store.decide(recorded, outcome=outcome)
    verification_id = recorded.verification_id
    expected = (verification_id, "demo", Because.DECISION, default_policy().content_hash, "open", NOW)
    assert await cases(store) == [expected] * (outcome is Outcome.REVIEW)
    told = ["callback.received", "decision.saved", "review.opened"]
    assert await store.events(verification_id) == told[: 2 + (outcome is Outcome.REVIEW)]


async def test_a_case_has_its_first_event_and_the_policys_time_limit(store: Store) -> None:
    await store.decide(await store.record(), outcome=Outcome.REVIEW)
    minutes = timedelta(minutes=default_policy().config.review.minutes)
    assert await store.rows("SELECT due_at FROM review_cases") == [(NOW + minutes,)]
    kinds = "SELECT e.seq, e.kind FROM review_events e JOIN review_cases c ON c.id = e.case_id"
    assert await store.rows(kinds) == [(1, "opened")]


@pytest.mark.parametrize("outcome", Outcome)
async def test_every_reason_of_what_is_not_approved_is_listed_once(store: Store, outcome: Outcome) -> None:
    recorded = await store.record()
    await store.decisions.save_once(with_reasons(recorded, outcome, *REASONS, REASONS[0]))
    listed = await store.rows(
        "SELECT r.code, r.app_id, r.listed_as, r.biz_no, r.created_at = v.created_at"
        " FROM decision_reasons r JOIN verifications v ON v.id = r.verification_id ORDER BY code"
    )
    expected = [(code, "demo", outcome, "order-1", True) for code in ("attack.mask", "face.below_threshold")]
    assert listed == (expected if outcome is not Outcome.APPROVED else [])
    assert await store.rows("SELECT reasons_listed FROM decisions") == [(True,)]


async def test_a_group_of_every_outcome_is_saved_in_one_statement(store: Store) -> None:
    outcomes = [*Outcome] * 8
    recorded = [await store.record(callback(payload(n))) for n in range(len(outcomes))]
    pairs = zip(recorded, outcomes, strict=True)
    saved = await asyncio.gather(*(store.decide(each, outcome=outcome) for each, outcome in pairs))
    assert all(saved)
    opened: set[UUID] = {row[0] for row in await cases(store) if isinstance(row[0], UUID)}
    reviews = zip(recorded, outcomes, strict=True)
    assert opened == {each.verification_id for each, outcome in reviews if outcome is Outcome.REVIEW}
    assert await store.rows("SELECT count(*) FROM decision_reasons") == [(24,)]
    assert await store.rows("SELECT count(*) FROM events") == [(32,)]


async def test_a_decision_that_is_not_the_first_opens_no_case(store: Store) -> None:
    recorded = await store.record()
    assert await store.decide(recorded)
    assert not await store.decide(recorded, outcome=Outcome.REVIEW)
    assert await cases(store) == []
    assert await store.rows("SELECT count(*) FROM decision_reasons") == [(0,)]
