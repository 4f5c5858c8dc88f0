"""Reviews leave decisions as they are: each recomputes bit for bit, as before.

`FACEID_REVIEWED_DECISIONS=1000 pytest tests/adapters/store/reviews/test_recompute.py` does it with 1,000.
"""

import os
from random import Random
from uuid import UUID

from msgspec.structs import replace

from adapters.store.decisions.stored_decisions import PgStoredDecisions
from domain.callback.payload import decode_payload
from domain.model import ConfirmationMode
from domain.policy.decide import decide
from domain.policy.evidence import gather_evidence
from domain.policy.explanation import explain
from domain.reviews.case import Because
from tests.support.payloads.callbacks import default_policy, dump
from tests.support.storage.reviews import APPROVAL, LI_NA, REJECTION, WANG, Reviews
from tests.support.storage.stores import callback, decision_record, payload

COUNT = int(os.environ.get("FACEID_REVIEWED_DECISIONS", "40"))


async def decided(reviews: Reviews, n: int, random: Random) -> UUID:
    """A verification that the default policy decides on facts of chance."""
    tree = payload(n) | {"status": random.choice(["OK", "OK", "OK", "CANCELLED", "ODD"])}
    tree["verify_result"]["result_faceid"]["confidence"] = random.uniform(60, 99)
    recorded = await reviews.store.record(callback(tree))
    said = decode_payload(dump(tree))
    evidence = gather_evidence(said, random.choice([None, said]), registration=None)
    mode = random.choice([*ConfirmationMode])
    decision = decide(evidence, policy=default_policy(), mode=mode)
    record = replace(decision_record(recorded), decision=decision, evidence=evidence, mode=mode)
    assert await reviews.store.decisions.save_once(record)
    return recorded.verification_id


async def test_reviewed_decisions_recompute_bit_for_bit(reviews: Reviews) -> None:
    random, stored = Random(7), PgStoredDecisions(reviews.store.engine)
    ids = [await decided(reviews, n, random) for n in range(1, COUNT + 1)]
    text = "SELECT CAST(d AS text) AS row FROM decisions d ORDER BY verification_id"
    rows, before = await reviews.rows(text), {each: await stored.get(each) for each in ids}
    for each in ids:
        case_id = await reviews.case_of(each, because=Because.OPERATOR)
        await reviews.conclude(case_id, LI_NA, random.choice([APPROVAL, REJECTION]))
        if (await reviews.desk.find(case_id, WANG)).listed.case.proposal is not None:
            await reviews.desk.claim(case_id, WANG)
            await reviews.desk.approve(case_id, WANG, evidence_hash=await reviews.hash_of(case_id))
    assert await reviews.rows(text) == rows
    for each in ids:
        first, after = before[each], await stored.get(each)
        assert first is not None
        assert after is not None
        assert (after.decision, after.policy) == (first.decision, first.policy)
        again = explain(after).recomputed
        assert again is not None
        assert again.same
    [reviewed] = await reviews.rows("SELECT count(*) FROM reviews")
    assert reviewed["count"] == COUNT
