"""Registrations and callbacks meet in any order, and an order that does not match is never overlooked."""

import asyncio
from datetime import timedelta

import msgspec

from adapters.store.registrations import PgRegistrations, Registered
from domain.model import Outcome, State
from domain.records import Registration
from domain.registration import RECONCILE_RULES, ReconcileRules
from tests.adapters.builders import LEASE, NOW, Store, biz_id, callback, payload

EXPIRES = NOW + timedelta(minutes=50)
MINE = Registration("order-1", NOW, EXPIRES)
OTHER = msgspec.structs.replace(MINE, biz_no="order-2")


async def register(store: Store, registration: Registration = MINE) -> Registered:
    return await store.registrations.register("demo", biz_id(), registration)


async def due_at(store: Store) -> object:
    [(due,)] = await store.rows("SELECT due_at FROM verifications")
    return due


async def test_a_new_verification_is_created_and_looked_at_after_its_tokens_expiry(store: Store) -> None:
    assert await register(store) is Registered.CREATED
    record = await store.find()
    assert record is not None
    assert (record.state, record.biz_no, record.received_at, record.outcome) == (
        "created",
        "order-1",
        None,
        None,
    )
    assert await due_at(store) == EXPIRES + RECONCILE_RULES.grace
    assert await store.events(record.id) == ["verification.registered"]


async def test_the_rules_say_when_it_is_looked_at(store: Store) -> None:
    rules = ReconcileRules(grace=timedelta(seconds=1))
    impatient = PgRegistrations(store.engine, keys=store.keys, rules=rules)
    await impatient.register("demo", biz_id(), MINE)
    assert await due_at(store) == EXPIRES + timedelta(seconds=1)


async def test_registering_again_changes_nothing(store: Store) -> None:
    await register(store)
    before = await store.rows("SELECT v::text FROM verifications v")
    later = msgspec.structs.replace(MINE, registered_at=NOW + timedelta(hours=1))
    assert await register(store, later) is Registered.KNOWN
    assert await register(store, OTHER) is Registered.CONFLICT
    assert await store.rows("SELECT v::text FROM verifications v") == before


async def test_of_many_at_once_one_creates(store: Store) -> None:
    processes = [PgRegistrations(store.engine, keys=store.keys) for _ in range(8)]
    ends = await asyncio.gather(*(each.register("demo", biz_id(), MINE) for each in processes))
    assert sorted(ends) == [Registered.CREATED, *[Registered.KNOWN] * 7]


async def test_a_due_registered_verification_comes_with_what_is_known_of_it(store: Store) -> None:
    await register(store)
    assert await store.due.claim(now=EXPIRES, lease=LEASE, silent=True) == []
    [due] = await store.due.claim(now=EXPIRES + RECONCILE_RULES.grace, lease=LEASE, silent=True)
    assert (due.registration, due.data, due.state, due.biz_id) == (MINE, None, State.CREATED, biz_id())


async def test_the_callback_of_a_registered_one_is_settled_at_once(store: Store) -> None:
    await register(store)
    recorded = await store.record()
    assert recorded.to_settle
    assert recorded.registration == MINE
    assert recorded.fence == 2, "whoever was about to look at it is late"
    assert await due_at(store) == NOW + LEASE
    record = await store.find()
    assert record is not None
    assert record.state == "received"


async def test_a_callback_before_its_registration_is_joined(store: Store) -> None:
    recorded = await store.record()
    assert await register(store) is Registered.JOINED
    assert await due_at(store) == NOW + LEASE
    assert await store.decide(recorded), "whoever settles it goes on"
    assert await register(store) is Registered.KNOWN


async def test_a_callback_of_another_order_is_taken_from_whoever_settles_it(store: Store) -> None:
    recorded = await store.record()
    assert await register(store, OTHER) is Registered.JOINED
    assert not await store.decide(recorded)
    [due] = await store.due.claim(now=NOW, lease=LEASE)
    assert due.registration == OTHER
    assert due.data == callback().data


async def test_a_decision_about_another_order_stands_and_the_conflict_is_noted(store: Store) -> None:
    recorded = await store.record()
    await store.decide(recorded, outcome=Outcome.APPROVED)
    assert await register(store, OTHER) is Registered.CONFLICT
    record = await store.find()
    assert record is not None
    assert (record.outcome, record.biz_no) == ("approved", "order-1")
    assert (await store.events(record.id))[-1] == "registration.conflict"


async def test_a_flow_that_goes_on_is_looked_at_like_any_registered_one(store: Store) -> None:
    await store.record(callback(payload(status="PROCESSING")))
    assert await register(store) is Registered.JOINED
    assert await due_at(store) == EXPIRES + RECONCILE_RULES.grace


async def test_what_was_held_is_let_go(store: Store) -> None:
    recorded = await store.record(hold=True)
    assert not recorded.to_settle
    assert await store.due.claim(now=NOW + timedelta(days=1), lease=LEASE) == []
    assert await register(store) is Registered.JOINED
    assert len(await store.due.claim(now=NOW, lease=LEASE)) == 1


async def test_a_second_callback_of_a_held_one_stays_held(store: Store) -> None:
    await store.record(callback(payload(status="PROCESSING")), hold=True)
    recorded = await store.record(hold=True)
    assert not recorded.to_settle
    assert await store.events(recorded.verification_id) == ["callback.held", "callback.held"]


async def test_the_same_biz_id_of_another_app_is_another_verification(store: Store) -> None:
    await register(store)
    assert await store.registrations.register("other", biz_id(), OTHER) is Registered.CREATED
