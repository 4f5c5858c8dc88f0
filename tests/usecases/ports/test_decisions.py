"""The first decision is kept, and only the holder of the lease decides."""

import asyncio
from uuid import UUID

import msgspec

from domain.model import Outcome
from tests.support.storage.stores import callback, payload
from tests.usecases.ports.stores import PortsOfStore


async def test_a_decision_closes_the_verification(store: PortsOfStore) -> None:
    assert await store.decide(await store.record(), outcome=Outcome.REJECTED)
    stored = await store.stored_state()
    assert (stored.state, stored.outcome, stored.due_at) == ("decided", "rejected", None)
    assert await store.events() == ["callback.received", "decision.saved"]


async def test_the_first_decision_is_kept(store: PortsOfStore) -> None:
    recorded = await store.record()
    assert await store.decide(recorded, outcome=Outcome.REJECTED)
    assert not await store.decide(recorded, outcome=Outcome.APPROVED)
    assert (await store.stored_state()).outcome == "rejected"
    assert await store.events() == ["callback.received", "decision.saved"]


async def test_of_many_processes_one_decides(store: PortsOfStore) -> None:
    recorded = await store.record()
    outcomes = [Outcome.APPROVED, Outcome.REJECTED] * 10
    saved = await asyncio.gather(*(store.another().decide(recorded, outcome=outcome) for outcome in outcomes))
    assert sorted(saved) == [False] * 19 + [True]
    assert (await store.stored_state()).outcome == outcomes[saved.index(True)]
    assert (await store.events()).count("decision.saved") == 1


async def test_of_two_decisions_at_once_only_one_is_saved(store: PortsOfStore) -> None:
    recorded = await store.record()
    saved = await asyncio.gather(
        store.decide(recorded, outcome=Outcome.REVIEW), store.decide(recorded, outcome=Outcome.APPROVED)
    )
    assert list(saved) == [True, False]
    assert (await store.stored_state()).outcome == "review"
    assert (await store.events()).count("decision.saved") == 1


async def test_decisions_at_once_are_saved_each_to_its_own(store: PortsOfStore) -> None:
    cases = await asyncio.gather(*(store.record(callback(payload(n))) for n in range(20)))
    outcomes = list(Outcome)
    saved = await asyncio.gather(
        *(store.decide(case, outcome=outcomes[n % 4], tree=payload(n)) for n, case in enumerate(cases))
    )
    assert all(saved)
    assert [(await store.stored_state(n)).outcome for n in range(20)] == outcomes * 5


async def test_a_decision_about_nothing_is_refused(store: PortsOfStore) -> None:
    recorded = await store.record()
    nobodys = msgspec.structs.replace(recorded.lease, verification_id=UUID(int=1))
    nobody = msgspec.structs.replace(recorded, lease=nobodys)
    assert not await store.decide(nobody)


async def test_a_worker_without_the_lease_decides_nothing(store: PortsOfStore) -> None:
    recorded = await store.record()
    [taken] = await store.claim()
    assert not await store.decide(recorded, outcome=Outcome.APPROVED)
    assert (await store.stored_state()).state == "received"
    again = msgspec.structs.replace(recorded, lease=taken.lease)
    late, mine = await asyncio.gather(
        store.decide(recorded, outcome=Outcome.APPROVED), store.decide(again, outcome=Outcome.REJECTED)
    )
    assert (late, mine) == (False, True)
    assert (await store.stored_state()).outcome == "rejected"
