"""The first decision stands, whole: decision, state and timeline in one statement."""

import asyncio

import msgspec
import pytest

from adapters.store.decisions import PgDecisions, seal_identity, unseal_identity
from domain.errors import BrokenSeal
from domain.model import Identity, Outcome, verification_id
from tests.adapters.builders import (
    LEASE,
    NOW,
    Store,
    biz_id,
    callback,
    dump_database,
    payload,
    settled,
    traces,
)


async def test_a_decision_is_saved_with_state_and_event(store: Store) -> None:
    recorded = await store.record()
    assert await store.decide(recorded, outcome=Outcome.REJECTED)
    record = await store.find()
    assert record is not None
    assert (record.state, record.outcome, record.basis) == ("decided", "rejected", "callback")
    assert record.reasons == [{"code": "face.below_threshold", "detail": "41.2 < 64 (1e-3)"}]
    assert (record.policy_name, record.policy_version, record.decided_at) == ("default", "1", NOW)
    assert await store.rows("SELECT due_at FROM verifications") == [(None,)]
    last = (await store.lookups.timeline(recorded.verification_id))[-1]
    assert last.event == "decision.saved"
    assert last.detail == {
        "outcome": "rejected",
        "basis": "callback",
        "reasons": record.reasons,
        "policy": "default",
        "version": "1",
    }


async def test_the_first_decision_stands(store: Store) -> None:
    recorded = await store.record()
    assert await store.decide(recorded, outcome=Outcome.REJECTED)
    assert not await store.decide(recorded, outcome=Outcome.APPROVED)
    record = await store.find()
    assert record is not None
    assert record.outcome == "rejected"
    assert await store.events(recorded.verification_id) == ["callback.received", "decision.saved"]


async def test_of_many_processes_one_decides(store: Store) -> None:
    recorded = await store.record()
    processes = [PgDecisions(store.engine) for _ in range(20)]
    outcomes = [Outcome.APPROVED, Outcome.REJECTED]
    saved = await asyncio.gather(
        *(
            process.save_once(settled(recorded, outcome=outcomes[turn % 2]))
            for turn, process in enumerate(processes)
        )
    )
    assert sorted(saved) == [False] * 19 + [True]
    record = await store.find()
    assert record is not None
    assert record.outcome == outcomes[saved.index(True) % 2]
    assert (await store.events(recorded.verification_id)).count("decision.saved") == 1


async def test_two_decisions_in_one_group_leave_one_behind(store: Store) -> None:
    recorded = await store.record()
    await asyncio.gather(
        store.decide(recorded, outcome=Outcome.REVIEW), store.decide(recorded, outcome=Outcome.APPROVED)
    )
    record = await store.find()
    assert record is not None
    assert record.outcome == "review", "the first of the group"
    assert (await store.events(recorded.verification_id)).count("decision.saved") == 1


async def test_of_two_decisions_in_one_group_one_caller_is_told_so(store: Store) -> None:
    recorded = await store.record()
    saved = await asyncio.gather(
        store.decide(recorded, outcome=Outcome.REVIEW), store.decide(recorded, outcome=Outcome.APPROVED)
    )
    assert list(saved) == [True, False]


async def test_a_group_of_decisions_is_saved_each_to_its_own(store: Store) -> None:
    cases = await asyncio.gather(*(store.record(callback(payload(n))) for n in range(20)))
    outcomes = list(Outcome)
    saved = await asyncio.gather(
        *(store.decide(case, outcome=outcomes[n % 4], tree=payload(n)) for n, case in enumerate(cases))
    )
    assert all(saved)
    for n in range(20):
        record = await store.find(n)
        assert record is not None
        assert record.outcome == outcomes[n % 4]


async def test_a_decision_about_nothing_is_refused(store: Store) -> None:
    recorded = await store.record()
    async with store.engine.begin() as connection:
        for table in ("timeline", "callbacks", "verifications"):
            await connection.exec_driver_sql(f"DELETE FROM {table}")
    assert not await store.decide(recorded)
    assert await store.rows("SELECT * FROM decisions") == []


async def test_whoever_lost_the_lease_decides_nothing(store: Store) -> None:
    recorded = await store.record()
    [taken] = await store.due.claim(now=NOW + LEASE, lease=LEASE)
    assert not await store.decide(recorded, outcome=Outcome.APPROVED)
    assert await store.rows("SELECT state FROM verifications") == [("received",)]
    again = msgspec.structs.replace(recorded, fence=taken.fence)
    late, mine = await asyncio.gather(
        store.decide(recorded, outcome=Outcome.APPROVED), store.decide(again, outcome=Outcome.REJECTED)
    )
    assert (late, mine) == (False, True)
    record = await store.find()
    assert record is not None
    assert record.outcome == "rejected"


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
        recorded.data_key, identity_ct, app_id="demo", verification_id=recorded.verification_id
    )
    assert opened == Identity("欧阳金丝雀", "11010119900307001X")
    assert traces(await dump_database(store.engine)) == []


def test_an_identity_opens_in_its_own_row_only() -> None:
    mine, other = (verification_id("demo", biz_id(n)) for n in (1, 2))
    sealed = seal_identity(b"k" * 32, Identity("a", "b"), app_id="demo", verification_id=mine)
    with pytest.raises(BrokenSeal):
        unseal_identity(b"k" * 32, sealed, app_id="demo", verification_id=other)
    with pytest.raises(BrokenSeal):
        unseal_identity(b"k" * 32, sealed, app_id="other", verification_id=mine)
