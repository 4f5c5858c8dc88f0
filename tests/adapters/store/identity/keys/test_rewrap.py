"""Stored keys are wrapped again: by epochs, by the newest master key, beside workers, and only once."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.data_keys import DataKeys, epoch_of
from adapters.keys.epochs import Epochs, epoch_place
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.keys import rewrap as module
from adapters.store.identity.keys import wrapped
from adapters.store.identity.keys.rewrap import Rewrap, rewrap_epochs
from adapters.store.identity.keys.wrapped import (
    FIRST,
    TABLES,
    by_master_keys,
    count_by_epoch,
    exchange,
    is_used,
)
from adapters.store.people.proofs import PgProofs
from adapters.store.tables.schema import metadata
from domain.identity.keys.epochs import period_of
from domain.people.actor import Actor, ActorKind
from tests.support.memory.identity.keys import MemoryKeys
from tests.support.storage.stores import LEASE, NOW, Clock, Store, callback, payload
from tests.support.webhooks.hooks import Hooks

OLD, NEW = b"k" * 32, b"n" * 32
LAST_MONTH = NOW - timedelta(days=30)


class Rewraps:
    """A database of an older version, a key store, and both master keys."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.older = Store(engine, KeyRing([OLD]))
        self.kept = MemoryKeys()
        self.ring = KeyRing([NEW, OLD])
        self.epochs = Epochs(self.kept, self.ring, clock=Clock())

    def rewrap(self, *, epochs: bool = True) -> Rewrap:
        return Rewrap(self.engine, self.ring, self.epochs if epochs else None)

    async def run(self, *, epochs: bool = True) -> tuple[int, int, int]:
        """Rows that are done, missed and unreadable."""
        steps = [step async for step in self.rewrap(epochs=epochs).steps()]
        return sum(s.done for s in steps), sum(s.missed for s in steps), sum(s.unreadable for s in steps)

    def newer(self) -> Store:
        """A process without the old master key."""
        ring = KeyRing([NEW])
        return Store(self.engine, ring, data_keys=DataKeys(ring, Epochs(self.kept, ring, clock=Clock())))


@pytest.fixture
def rewraps(engine: AsyncEngine) -> Rewraps:
    return Rewraps(engine)


async def test_everything_opens_without_the_old_master_key(rewraps: Rewraps) -> None:
    for n in range(3):
        await rewraps.older.record(callback(payload(n)))
    letter = await rewraps.older.dead_letters.keep(callback(payload(9)), reason="x", detail="", now=NOW)
    hooks = Hooks(rewraps.engine, KeyRing([OLD]), Clock())
    endpoint = await hooks.endpoint()

    assert await rewraps.rewrap().count() == 5
    assert await rewraps.run() == (5, 0, 0)
    assert await rewraps.run() == (0, 0, 0)

    newer = rewraps.newer()
    claimed = await newer.due.claim({"demo": 9}, now=NOW + LEASE, lease=LEASE)
    assert len(claimed.opened) == 3
    assert await newer.opened_letter(letter, "demo") == callback(payload(9))
    found = await newer.endpoints.find(endpoint.id, None)
    assert found is not None
    assert found.private is not None
    assert not any(
        [await is_used(rewraps.engine, keys, master_key=KeyRing([OLD]).newest_id) for keys in TABLES]
    )


async def test_second_factor_of_a_person_opens_with_the_new_master_key(rewraps: Rewraps) -> None:
    person = uuid4()
    await execute(rewraps.engine, "INSERT INTO persons (id, name) VALUES (:id, 'li.na')", id=person)
    actor = Actor(ActorKind.COMMAND, "test")
    await PgProofs(rewraps.engine, keys=KeyRing([OLD])).set_code(person, "SECRET", actor=actor)

    assert await rewraps.run() == (1, 0, 0)

    found = await PgProofs(rewraps.engine, keys=KeyRing([NEW])).find("li.na")
    assert found is not None
    assert found.code_secret == "SECRET"


def test_every_table_with_wrapped_keys_is_rewrapped() -> None:
    with_keys = {table.name for table in metadata.sorted_tables if "wrapped_key" in table.c}

    assert {keys.table for keys in TABLES} == with_keys


async def test_row_goes_under_the_epoch_of_its_creation(rewraps: Rewraps) -> None:
    await rewraps.older.record()
    await execute(rewraps.engine, "UPDATE verifications SET created_at = :at", at=LAST_MONTH)

    await rewraps.run()

    assert await count_by_epoch(rewraps.engine, TABLES[0]) == {period_of("demo", LAST_MONTH).id: 1}


async def test_row_of_a_destroyed_epoch_goes_under_the_current_one(rewraps: Rewraps) -> None:
    await rewraps.older.record()
    await execute(rewraps.engine, "UPDATE verifications SET created_at = :at", at=LAST_MONTH)
    past, _ = await rewraps.epochs.at("demo", LAST_MONTH)
    await rewraps.kept.destroy(past, now=NOW)
    await rewraps.epochs.confirm()

    await rewraps.run()

    assert await count_by_epoch(rewraps.engine, TABLES[0]) == {period_of("demo", NOW).id: 1}


async def test_without_a_key_store_the_newest_master_key_wraps(rewraps: Rewraps) -> None:
    await rewraps.older.record()

    assert await rewraps.run(epochs=False) == (1, 0, 0)
    assert await rewraps.run(epochs=False) == (0, 0, 0)

    newer = Store(rewraps.engine, KeyRing([NEW]))
    assert len((await newer.due.claim({"demo": 9}, now=NOW + LEASE, lease=LEASE)).opened) == 1


async def test_row_that_changed_meanwhile_keeps_its_key(rewraps: Rewraps) -> None:
    await rewraps.older.record()
    [row] = await by_master_keys(rewraps.engine, TABLES[0], after=FIRST)
    await execute(rewraps.engine, "UPDATE verifications SET wrapped_key = :key", key=b"another")

    assert await exchange(rewraps.engine, TABLES[0], [(row.id, row.wrapped, b"new")]) == 0

    assert await rewraps.older.rows("SELECT wrapped_key FROM verifications") == [(b"another",)]


async def test_erased_row_gets_no_key_again(rewraps: Rewraps) -> None:
    await rewraps.older.record()
    [row] = await by_master_keys(rewraps.engine, TABLES[0], after=FIRST)
    await execute(rewraps.engine, "UPDATE verifications SET wrapped_key = NULL")

    assert await exchange(rewraps.engine, TABLES[0], [(row.id, row.wrapped, b"new")]) == 0


async def test_row_that_a_worker_holds_is_done_in_a_later_pass(
    rewraps: Rewraps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0)
    await rewraps.older.record(callback(payload(1)))
    await rewraps.older.record(callback(payload(2)))
    done = missed = 0
    async with rewraps.engine.connect() as worker:
        await worker.execute(text("SELECT FROM verifications ORDER BY id LIMIT 1 FOR NO KEY UPDATE"))
        async for step in rewraps.rewrap().steps():
            done, missed = done + step.done, missed + step.missed
            await worker.rollback()

    assert (done, missed) == (2, 1)


async def test_run_that_was_ended_continues(rewraps: Rewraps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrapped, "PAGE", 1)
    for n in range(3):
        await rewraps.older.record(callback(payload(n)))
    async for _ in rewraps.rewrap().steps():
        break

    assert await rewraps.rewrap().count() == 2
    assert (await rewraps.run())[0] == 2


async def test_row_that_no_key_opens_delays_no_other(rewraps: Rewraps) -> None:
    await Store(rewraps.engine, KeyRing([b"l" * 32])).record(callback(payload(1)))
    await rewraps.older.record(callback(payload(2)))

    assert await rewraps.run() == (1, 0, 1)


async def test_epochs_get_the_newest_master_key(rewraps: Rewraps) -> None:
    before = KeyRing([OLD])
    past = Epochs(rewraps.kept, before, clock=Clock())
    await past.prepare(["demo", "shop"])

    assert (await rewrap_epochs(rewraps.kept, rewraps.ring)).done == 2
    assert (await rewrap_epochs(rewraps.kept, rewraps.ring)).done == 0

    for epoch in rewraps.kept.kept.values():
        assert epoch.wrapped is not None
        assert KeyRing([NEW]).unwrap_data_key(epoch.wrapped, place=epoch_place(epoch.period))


async def test_rewrapped_rows_are_under_epochs(rewraps: Rewraps) -> None:
    await rewraps.older.record()
    await execute(rewraps.engine, "UPDATE verifications SET created_at = :at", at=NOW)
    await rewraps.run()

    [(key,)] = await rewraps.older.rows("SELECT wrapped_key FROM verifications")
    assert epoch_of(key) == period_of("demo", NOW).id


async def execute(engine: AsyncEngine, statement: str, **values: object) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)
