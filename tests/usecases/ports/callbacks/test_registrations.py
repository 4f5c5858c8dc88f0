"""Registrations and callbacks meet in any order, and an order that does not match is never overlooked."""

import asyncio
from datetime import timedelta

import msgspec

from domain.apps.registration import Registered, Registration
from domain.model import Outcome, State
from domain.pulls.reconciliation import RECONCILE_RULES
from tests.support.storage.stores import LEASE, NOW, biz_id, callback, payload
from tests.usecases.ports.stores import PortsOfStore

EXPIRES = NOW + timedelta(minutes=50)
MINE = Registration("order-1", NOW, EXPIRES)
GRACE = RECONCILE_RULES.grace
OTHER = msgspec.structs.replace(MINE, biz_no="order-2")


async def test_a_new_verification_is_created_and_looked_at_after_its_tokens_expiry(
    store: PortsOfStore,
) -> None:
    assert await store.register(MINE) is Registered.CREATED
    stored = await store.stored_state()
    assert (stored.state, stored.biz_no, stored.received_at) == ("created", "order-1", None)
    assert stored.due_at == EXPIRES + GRACE
    assert await store.events() == ["verification.registered"]


async def test_registering_again_changes_nothing(store: PortsOfStore) -> None:
    await store.register(MINE)
    before = await store.stored_state()
    later = msgspec.structs.replace(MINE, registered_at=NOW + timedelta(hours=1))
    assert await store.register(later) is Registered.KNOWN
    assert await store.register(OTHER) is Registered.CONFLICT
    assert await store.stored_state() == before
    assert await store.events() == ["verification.registered"]


async def test_of_many_at_once_one_creates(store: PortsOfStore) -> None:
    ends = await asyncio.gather(*(store.another().register(MINE) for _ in range(8)))
    assert sorted(ends) == [Registered.CREATED, *[Registered.KNOWN] * 7]


async def test_a_due_registered_verification_comes_with_what_is_known_of_it(store: PortsOfStore) -> None:
    await store.register(MINE)
    assert await store.claim(after=EXPIRES - NOW, silent=True) == []
    [due] = await store.claim(after=EXPIRES + GRACE - NOW, silent=True)
    assert (due.registration, due.data, due.state, due.biz_id) == (MINE, None, State.CREATED, biz_id())


async def test_the_callback_of_a_registered_one_is_advanced_at_once(store: PortsOfStore) -> None:
    await store.register(MINE)
    recorded = await store.record(awaits_registration=True)
    assert (recorded.to_advance, recorded.registration) == (True, MINE)
    stored = await store.stored_state()
    assert (stored.fence, recorded.lease.fence) == (2, 2), "a worker that was about to look at it is late"
    assert (stored.state, stored.due_at, stored.held) == ("received", NOW + LEASE, False)


async def test_a_callback_of_another_order_than_the_registered_one_is_a_conflict(store: PortsOfStore) -> None:
    await store.register(OTHER)
    recorded = await store.record()
    assert (recorded.to_advance, recorded.registration) == (True, OTHER)
    assert (await store.stored_state()).biz_no == "order-2"
    assert await store.events() == ["verification.registered", "callback.conflict"]


async def test_a_callback_before_its_registration_is_joined(store: PortsOfStore) -> None:
    recorded = await store.record()
    assert await store.register(MINE) is Registered.JOINED
    assert (await store.stored_state()).due_at == NOW + LEASE
    assert await store.decide(recorded), "the worker that has it goes on"
    assert await store.register(MINE) is Registered.KNOWN


async def test_a_callback_of_another_order_ends_the_current_lease(store: PortsOfStore) -> None:
    recorded = await store.record()
    assert await store.register(OTHER) is Registered.JOINED
    assert not await store.decide(recorded)
    [due] = await store.claim(after=NOW - NOW)
    assert (due.registration, due.data) == (OTHER, callback().data)


async def test_a_decision_about_another_order_is_kept_and_the_conflict_noted(store: PortsOfStore) -> None:
    await store.decide(await store.record(), outcome=Outcome.APPROVED)
    assert await store.register(OTHER) is Registered.CONFLICT
    stored = await store.stored_state()
    assert (stored.outcome, stored.biz_no) == ("approved", "order-1")
    assert (await store.events())[-1] == "registration.conflict"


async def test_a_decision_about_the_same_order_is_joined_and_not_looked_at_again(store: PortsOfStore) -> None:
    await store.decide(await store.record())
    assert await store.register(MINE) is Registered.JOINED
    stored = await store.stored_state()
    assert (stored.state, stored.due_at) == ("decided", None)


async def test_a_running_flow_is_due_like_any_registered_one(store: PortsOfStore) -> None:
    await store.record(callback(payload(status="PROCESSING")))
    assert await store.register(MINE) is Registered.JOINED
    assert (await store.stored_state()).due_at == EXPIRES + GRACE


async def test_held_verifications_are_released(store: PortsOfStore) -> None:
    assert not (await store.record(awaits_registration=True)).to_advance
    assert await store.register(MINE) is Registered.JOINED
    assert len(await store.claim(after=NOW - NOW)) == 1


async def test_the_same_biz_id_of_another_app_is_another_verification(store: PortsOfStore) -> None:
    await store.register(MINE)
    assert await store.register(OTHER, app_id="other") is Registered.CREATED


async def test_a_token_that_lives_long_is_not_looked_at_before_its_expiry(
    store: PortsOfStore,
) -> None:
    late = msgspec.structs.replace(MINE, expires_at=NOW + timedelta(days=9))
    await store.register(late)
    assert (await store.stored_state()).due_at == late.expires_at + GRACE
