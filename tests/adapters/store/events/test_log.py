"""Events are appended in the transaction of what they tell, and numbered in the order of commits."""

import asyncio
from uuid import UUID

import pytest

from adapters.postgres.sqlstate import DatabaseAway
from adapters.store.events.log import append, append_in_bulk
from adapters.store.events.reader import PgEvents
from adapters.store.statements.bulk import bulk_connection
from devstack.waiting import until
from domain.events.event import Event, EventType, NewEvent, PolicyMark
from domain.model import Outcome
from domain.views.events import EVERYTHING
from tests.support.payloads.callbacks import default_policy
from tests.support.storage.stores import NOW, Store, biz_id, callback, payload


async def log_of(store: Store, *, after: int = 0) -> list[Event]:
    """Every event behind `after`."""
    return (await PgEvents(store.engine).page(EVERYTHING, after=after, limit=1000)).items


def conflict(verification_id: UUID) -> NewEvent:
    """An event of a verification."""
    return NewEvent(EventType.CONFLICT, NOW, verification_id=verification_id, detail={"kind": "notify"})


DISABLED = NewEvent(EventType.ENDPOINT_DISABLED, NOW, app_id="demo", detail={"endpoint_id": "1"})
ACTIVATED = NewEvent(EventType.POLICY_ACTIVATED, NOW)


async def test_a_verifications_event_gets_its_ids_and_its_number(store: Store) -> None:
    recorded = await store.record()
    for _ in range(2):
        async with store.engine.begin() as connection:
            await append(connection, [conflict(recorded.verification_id)] * 2)
    events = await log_of(store)
    assert [event.n for event in events] == [1, 2, 3, 4]
    assert sorted(event.seq for event in events) == [event.seq for event in events]
    assert len({event.id for event in events}) == 4
    [first, *_] = events
    assert (first.type, first.at, first.app_id) == (EventType.CONFLICT, NOW, "demo")
    assert (first.body.biz_id, first.body.biz_no) == (biz_id(), "order-1")
    assert (first.body.outcome, first.body.reasons, first.body.policy) == (None, (), None)
    assert first.body.detail == {"kind": "notify"}


async def test_an_event_after_the_decision_has_the_decision(store: Store) -> None:
    recorded = await store.record()
    await store.decide(recorded, outcome=Outcome.REJECTED)
    before = await PgEvents(store.engine).newest()
    async with store.engine.begin() as connection:
        await append(connection, [conflict(recorded.verification_id)])
    [event] = await log_of(store, after=before)
    policy = default_policy()
    assert (event.body.outcome, event.body.effective_outcome) == (Outcome.REJECTED, Outcome.REJECTED)
    assert event.body.policy == PolicyMark(policy.name, policy.version, policy.content_hash)


async def test_events_without_a_verification_have_an_app_or_none(store: Store) -> None:
    async with bulk_connection(store.engine, as_one=True) as connection:
        await append_in_bulk(connection, [DISABLED, ACTIVATED])
    events = await log_of(store)
    assert [(event.app_id, event.n, event.body.biz_id) for event in events] == [
        ("demo", None, None),
        (None, None, None),
    ]


async def test_what_is_taken_back_takes_its_events_along(store: Store) -> None:
    recorded = await store.record()
    async with store.engine.begin() as connection:
        await append(connection, [conflict(recorded.verification_id)])
        await connection.rollback()
    assert await log_of(store) == []


async def test_a_number_is_visible_only_when_all_smaller_ones_are(store: Store) -> None:
    """The second writer takes no number before the first one has committed."""
    async with store.engine.begin() as first:
        await append(first, [ACTIVATED])
        second = asyncio.create_task(_append(store, DISABLED))
        await until(lambda: _waits_for_a_turn(store))
        assert await log_of(store) == []
    await second
    assert [event.type for event in await log_of(store)] == [ACTIVATED.type, DISABLED.type]


async def test_whoever_is_frozen_with_the_turn_loses_it(store: Store) -> None:
    """Else a stopped process would keep every other one from committing."""
    async with store.engine.connect() as frozen:
        await append(frozen, [ACTIVATED])
        await until(lambda: _append_or_wait(store, DISABLED))
        with pytest.raises(DatabaseAway):
            await frozen.commit()
    assert [event.type for event in await log_of(store)] == [DISABLED.type]


async def test_callbacks_of_one_verification_are_counted_by_all_writers(store: Store) -> None:
    recorded = await store.record()
    other = await store.record(callback(payload(2)))
    pair = [conflict(recorded.verification_id), conflict(other.verification_id)]
    await asyncio.gather(*(_append(store, *order) for order in [pair, pair[::-1]] * 4))
    events = await log_of(store)
    for verification_id in (recorded.verification_id, other.verification_id):
        mine = [event.n for event in events if event.verification_id == verification_id]
        assert mine == list(range(1, 9))


async def _append(store: Store, *events: NewEvent) -> None:
    async with store.engine.begin() as connection:
        await append(connection, events)


async def _append_or_wait(store: Store, event: NewEvent) -> bool:
    try:
        await _append(store, event)
    except DatabaseAway:
        return False
    return True


async def _waits_for_a_turn(store: Store) -> bool:
    [(count,)] = await store.rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    return bool(count)
