"""A row locked by another transaction delays only its own verification."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from adapters.postgres.connections import LOCK_TIMEOUT
from adapters.postgres.sqlstate import DatabaseAway
from adapters.sealing.envelope import KeyRing
from adapters.store.recording.owners import BizOwners
from domain.model import verification_id
from domain.policy.facts.facts import Velocity
from domain.pulls.accounts import Account
from domain.verifications.records import Recorded
from tests.support.payloads.callbacks import ID_NUMBER
from tests.support.storage.stores import NOW, Store, biz_id, callback, finished, payload

SOON = 9 * LOCK_TIMEOUT.total_seconds()
"""Less than ten rows would take one after the other, and enough for a busy machine."""
TWINS = dict.fromkeys(("demo", "twin"), Account("account-1", ("demo", "twin")))


@pytest.fixture
async def recorded(store: Store) -> list[Recorded]:
    """Three verifications."""
    return [await store.record(callback(payload(n, status="PROCESSING"))) for n in (1, 2, 3)]


@asynccontextmanager
async def locked(store: Store, n: int = 2, *, for_what: str = "UPDATE") -> AsyncIterator[AsyncConnection]:
    """Somebody has locked verification `n` inside the block."""
    async with store.engine.connect() as psql:
        lock = text(f"SELECT FROM verifications WHERE biz_id = :biz_id FOR {for_what}")
        await psql.execute(lock, {"biz_id": biz_id(n)})
        yield psql


async def ends(work: Sequence[Awaitable[object]]) -> list[object]:
    """How each ended, all begun at once and all soon: DatabaseAway in the place of its instances."""
    async with asyncio.timeout(SOON):
        found = await asyncio.gather(*work, return_exceptions=True)
    return [DatabaseAway if isinstance(end, DatabaseAway) else end for end in found]


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("for_what", ["UPDATE", "NO KEY UPDATE"])
async def test_the_other_callbacks_of_a_group_are_recorded(store: Store, for_what: str) -> None:
    async with locked(store, for_what=for_what):
        found = await ends([store.record(callback(payload(n))) for n in (1, 2, 3, 4)])
    assert [end is DatabaseAway for end in found] == [False, True, False, False]
    assert (await store.record(callback(payload(2)))).is_new


@pytest.mark.parametrize("locked_ones", [{7}, set(range(10, 20)), set(range(0, 90, 9))])
async def test_however_many_are_locked_the_free_ones_are_recorded(
    store: Store, locked_ones: set[int]
) -> None:
    await asyncio.gather(*(store.record(callback(payload(n, status="PROCESSING"))) for n in range(100)))
    async with store.engine.connect() as psql:
        lock = text("SELECT FROM verifications WHERE biz_id = ANY(:ids) FOR UPDATE")
        await psql.execute(lock, {"ids": [biz_id(n) for n in locked_ones]})
        found = await ends([store.record(callback(payload(n))) for n in range(100)])
    assert {n for n, end in enumerate(found) if end is DatabaseAway} == locked_ones


async def test_a_row_that_is_not_committed_yet_holds_up_no_other(store: Store) -> None:
    async with store.engine.connect() as psql:
        copied = text("""
            INSERT INTO verifications (id, app_id, biz_id, state) VALUES (:id, 'demo', :biz_id, 'received')
        """)
        await psql.execute(copied, {"id": verification_id("demo", biz_id(2)), "biz_id": biz_id(2)})
        found = await ends([store.record(callback(payload(n))) for n in (1, 2, 3)])
    assert [end is DatabaseAway for end in found] == [False, True, False]


@pytest.fixture
def sharing(engine: AsyncEngine, keys: KeyRing) -> Store:
    """A store for which `demo` and `twin` share a vendor account."""
    return Store(engine, keys, owners=BizOwners(TWINS))


async def test_a_locked_owner_delays_only_its_biz_id(sharing: Store) -> None:
    for n in (1, 2, 3):
        await sharing.record(callback(payload(n, status="PROCESSING")))
    async with sharing.engine.connect() as psql:
        lock = text("SELECT FROM biz_owners WHERE biz_id = :biz_id FOR UPDATE")
        await psql.execute(lock, {"biz_id": biz_id(2)})
        found = await ends([sharing.record(callback(payload(n))) for n in (1, 2, 3, 4)])
    assert [end is DatabaseAway for end in found] == [False, True, False, False]
    assert (await sharing.record(callback(payload(2)))).is_new


async def test_an_uncommitted_ownership_delays_only_its_biz_id(sharing: Store) -> None:
    async with sharing.engine.connect() as psql:
        claim = text("INSERT INTO biz_owners (account, biz_id, app_id) VALUES ('account-1', :biz_id, 'demo')")
        await psql.execute(claim, {"biz_id": biz_id(2)})
        found = await ends([sharing.record(callback(payload(n))) for n in (1, 2, 3)])
    assert [end is DatabaseAway for end in found] == [False, True, False]


async def test_a_locked_verification_holds_up_the_callback_that_came_to_its_owners_twin(
    sharing: Store,
) -> None:
    for n in (1, 2, 3):
        await sharing.record(callback(payload(n, status="PROCESSING")))
    async with locked(sharing):
        came = [callback(payload(n), app_id="twin") for n in (1, 2, 3, 4)]
        found = await ends([sharing.record(each) for each in came])
    assert [end is DatabaseAway for end in found] == [False, True, False, False]


async def test_the_other_decisions_of_a_group_are_saved(store: Store, recorded: list[Recorded]) -> None:
    async with locked(store):
        assert await ends([store.decide(each) for each in recorded]) == [True, DatabaseAway, True]
    assert await store.decide(recorded[1])


async def test_the_other_numbers_of_a_group_are_counted(store: Store, recorded: list[Recorded]) -> None:
    async with locked(store):
        counting = [store.velocity.count(each.lease, ID_NUMBER, at=NOW) for each in recorded]
        assert await ends(counting) == [Velocity(1, 1), DatabaseAway, Velocity(1, 1)]


async def test_the_other_calls_of_a_group_are_reserved(store: Store, recorded: list[Recorded]) -> None:
    async with locked(store):
        assert await ends([store.reserve(each, 1) for each in recorded]) == [True, DatabaseAway, True]


async def test_the_other_calls_of_a_group_are_ended(store: Store, recorded: list[Recorded]) -> None:
    for each in recorded:
        assert await store.reserve(each, 1)
    async with locked(store) as psql:
        await psql.execute(
            text("SELECT FROM pulls WHERE verification_id = :id FOR UPDATE"),
            {"id": recorded[1].verification_id},
        )
        answers = [store.ledger.finish(finished(each, 1)) for each in recorded]
        assert await ends(answers) == [None, DatabaseAway, None]


async def test_a_locked_verification_delays_no_answer(store: Store, recorded: list[Recorded]) -> None:
    for each in recorded:
        assert await store.reserve(each, 1)
    async with locked(store):
        answers = [store.ledger.finish(finished(each, 1)) for each in recorded]
        assert await ends(answers) == [None, None, None]


async def test_a_lock_that_ends_in_time_fails_no_item(store: Store, recorded: list[Recorded]) -> None:
    async with locked(store) as psql:
        deciding = asyncio.gather(*(store.decide(each) for each in recorded))
        await until_waiting(psql)
    assert await deciding == [True, True, True]


async def test_a_table_that_is_locked_as_a_whole_fails_the_group_at_once(store: Store) -> None:
    async with store.engine.connect() as psql:
        await psql.execute(text("LOCK TABLE verifications IN ACCESS EXCLUSIVE MODE"))
        began = time.monotonic()
        found = await ends([store.record(callback(payload(n))) for n in range(1, 100)])
        assert time.monotonic() - began < SOON
    assert found == [DatabaseAway] * 99


async def until_waiting(psql: AsyncConnection) -> None:
    """Return when somebody waits for a lock."""
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with asyncio.timeout(5):
        while not (await psql.execute(waits)).scalar_one():
            await asyncio.sleep(0.01)
