"""The PostgreSQL side of decisions: what is written, and how. For the rest see tests/usecases/ports."""

import msgspec
import pytest

from adapters.sealing.envelope import SealingKey
from adapters.store.decisions.decisions import seal_identity, unseal_identity
from domain.callback.payload import decode_payload
from domain.errors import BrokenSeal
from domain.model import Identity, Outcome, verification_id
from domain.policy.evidence import gather_evidence
from tests.support.payloads.callbacks import default_policy, dump
from tests.support.storage.dumps import dump_database, traces
from tests.support.storage.stores import NOW, Store, biz_id, decision_record, payload


async def test_a_decision_is_saved_with_state_and_event(store: Store) -> None:
    recorded = await store.record()
    assert await store.decide(recorded, outcome=Outcome.REJECTED)
    record = await store.find()
    assert record is not None
    assert (record.state, record.outcome, record.basis) == ("decided", "rejected", "callback")
    assert record.reasons == [{"code": "face.below_threshold", "detail": "41.2 < 64 (1e-3)"}]
    version = default_policy().version
    assert (record.policy_name, record.policy_version, record.decided_at) == ("default", version, NOW)
    assert await store.rows("SELECT due_at FROM verifications") == [(None,)]
    last = (await store.lookups.timeline(recorded.verification_id))[-1]
    assert last.event == "decision.saved"
    assert last.detail == {
        "outcome": "rejected",
        "basis": "callback",
        "reasons": record.reasons,
        "policy": "default",
        "version": version,
    }


async def test_a_decision_about_nothing_is_refused(store: Store) -> None:
    recorded = await store.record()
    async with store.engine.begin() as connection:
        for table in ("timeline", "callbacks", "verifications"):
            await connection.exec_driver_sql(f"DELETE FROM {table}")
    assert not await store.decide(recorded)
    assert await store.rows("SELECT * FROM decisions") == []


async def test_facts_hold_no_identity_and_the_identity_is_sealed(store: Store) -> None:
    recorded = await store.record()
    await store.decide(recorded)
    [(facts, identity_ct)] = await store.rows(
        "SELECT CAST(callback_facts AS text), identity_ct FROM decisions"
        " JOIN verifications v ON v.id = verification_id"
    )
    assert traces(facts) == []
    assert "91.327" in facts
    opened = unseal_identity(
        recorded.lease.key, identity_ct, app_id="demo", verification_id=recorded.verification_id
    )
    assert opened == Identity("欧阳金丝雀", "11010119900307001X")
    assert traces(await dump_database(store.engine)) == []


KEY = SealingKey(bytes(32))


@pytest.mark.parametrize("status", ["OK", "FAILED"])
async def test_the_facts_of_a_result_are_stored_whether_they_are_the_callbacks_or_not(
    store: Store, status: str
) -> None:
    recorded = await store.record()
    said, result = (decode_payload(dump(tree)) for tree in (payload(), payload(status=status)))
    evidence = gather_evidence(said, result, registration=None)
    assert (evidence.result is evidence.callback) == (status == "OK")
    await store.decisions.save_once(msgspec.structs.replace(decision_record(recorded), evidence=evidence))
    [(callback_facts, result_facts)] = await store.rows(
        "SELECT CAST(callback_facts AS text), CAST(result_facts AS text) FROM decisions"
    )
    assert callback_facts == msgspec.json.encode(evidence.callback).decode()
    assert result_facts == msgspec.json.encode(evidence.result).decode()


def test_an_identity_opens_in_its_own_row_only() -> None:
    mine, other = (verification_id("demo", biz_id(n)) for n in (1, 2))
    sealed = seal_identity(KEY, Identity("a", "b"), app_id="demo", verification_id=mine)
    with pytest.raises(BrokenSeal):
        unseal_identity(KEY, sealed, app_id="demo", verification_id=other)
    with pytest.raises(BrokenSeal):
        unseal_identity(KEY, sealed, app_id="other", verification_id=mine)
