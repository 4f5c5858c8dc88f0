"""Verifications are held until they are registered, or until their app requires that no longer."""

from datetime import timedelta

import msgspec

from domain.apps.registration import Registration
from domain.pulls.budget import RESULT_KEPT
from tests.support.storage.stores import LEASE, NOW, callback, payload
from tests.usecases.ports.stores import PortsOfStore

MINE = Registration("order-1", NOW, NOW + timedelta(minutes=50))


async def release(store: PortsOfStore, *app_ids: str, limit: int = 10) -> int:
    return await store.held.release(app_ids, now=NOW, limit=limit)


async def test_a_held_verification_is_not_due_until_released(store: PortsOfStore) -> None:
    recorded = await store.record()
    await store.held.await_registration(recorded.lease)
    assert (await store.stored_state()).held
    assert await release(store, "other") == 0
    assert await release(store, "demo", "other") == 1
    stored = await store.stored_state()
    assert (stored.held, stored.due_at) == (False, NOW)
    assert await store.events() == ["callback.received", "callback.held", "callback.released"]


async def test_no_more_are_released_at_once_than_asked_for(store: PortsOfStore) -> None:
    for n in range(1, 4):
        await store.record(callback(payload(n)), awaits_registration=True)
    assert [await release(store, "demo", limit=2) for _ in range(3)] == [2, 1, 0]


async def test_a_worker_without_the_lease_cannot_hold(store: PortsOfStore) -> None:
    recorded = await store.record()
    earlier = msgspec.structs.replace(recorded.lease, fence=recorded.lease.fence - 1)
    await store.held.await_registration(earlier)
    assert not (await store.stored_state()).held


async def test_a_registered_verification_is_not_held(store: PortsOfStore) -> None:
    recorded = await store.record()
    await store.register(MINE)
    await store.held.await_registration(recorded.lease)
    stored = await store.stored_state()
    assert (stored.held, stored.due_at) == (False, NOW + LEASE)


async def test_a_decided_verification_is_not_held(store: PortsOfStore) -> None:
    recorded = await store.record()
    await store.decide(recorded)
    await store.held.await_registration(recorded.lease)
    assert not (await store.stored_state()).held


async def test_a_running_flow_keeps_its_due_time(store: PortsOfStore) -> None:
    await store.record(callback(payload(status="PROCESSING")), awaits_registration=True)
    assert await release(store, "demo") == 1
    assert (await store.stored_state()).due_at == NOW + RESULT_KEPT
