"""Only the store that the data's keys are in is used."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.away import KeysAway, WrongKeyStore
from adapters.keys.epochs import Epochs
from adapters.keys.guarded import GuardedKeys
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.keys.marks import PgKeyMarks
from domain.errors import EpochInUse
from domain.identity.keys.epochs import GRACE, Epoch, period_of
from tests.support.memory.identity.keys import MemoryKeys
from tests.support.storage.stores import NOW, Clock

PERIOD = period_of("demo", NOW)
LATER = PERIOD.ends + GRACE


def guarded(store: MemoryKeys, engine: AsyncEngine) -> GuardedKeys:
    return GuardedKeys(store, PgKeyMarks(engine))


async def test_database_knows_an_epoch_before_data_is_under_it(engine: AsyncEngine) -> None:
    await guarded(MemoryKeys(), engine).create(PERIOD, b"key")

    mark = await PgKeyMarks(engine).read()
    assert mark is not None
    assert mark.epochs == 1


async def test_another_store_is_refused(engine: AsyncEngine) -> None:
    await guarded(MemoryKeys(), engine).check()

    with pytest.raises(WrongKeyStore, match="another key store"):
        await guarded(MemoryKeys(), engine).create(PERIOD, b"key")


async def test_store_that_lacks_an_epoch_is_refused(engine: AsyncEngine) -> None:
    store = MemoryKeys()
    await guarded(store, engine).create(PERIOD, b"key")
    store.kept.clear()

    with pytest.raises(WrongKeyStore, match="rolled back"):
        await guarded(store, engine).create(PERIOD, b"another")

    assert store.kept == {}


async def test_store_that_brings_a_destroyed_epoch_back_is_refused(engine: AsyncEngine) -> None:
    store = MemoryKeys()
    first = guarded(store, engine)
    await first.create(PERIOD, b"key")
    await first.destroy(PERIOD.id, now=LATER)
    store.kept[PERIOD.id] = Epoch(PERIOD, b"key")

    with pytest.raises(WrongKeyStore, match="rolled back"):
        await guarded(store, engine).find([PERIOD.id])


async def test_epoch_that_a_late_clock_may_write_to_is_not_destroyed(engine: AsyncEngine) -> None:
    store = MemoryKeys()
    process = guarded(store, engine)
    await process.create(PERIOD, b"key")

    with pytest.raises(EpochInUse):
        await process.destroy(PERIOD.id, now=LATER - timedelta(seconds=1))

    assert store.kept[PERIOD.id].wrapped == b"key"
    assert await process.destroy(PERIOD.id, now=LATER)
    assert not await process.destroy(PERIOD.id, now=LATER)


async def test_store_that_lost_an_erasure_is_refused(engine: AsyncEngine) -> None:
    store = MemoryKeys()
    await guarded(store, engine).append("erased", at=NOW)
    store.erased.clear()

    with pytest.raises(WrongKeyStore, match="rolled back"):
        await guarded(store, engine).entries()


async def test_store_that_is_rolled_back_while_a_process_runs_is_noticed(
    engine: AsyncEngine, keys: KeyRing
) -> None:
    store = MemoryKeys()
    epochs = Epochs(guarded(store, engine), keys, clock=Clock())
    await epochs.prepare(["demo"])
    store.kept.clear()

    with pytest.raises(WrongKeyStore, match="rolled back"):
        await epochs.confirm()

    assert epochs.current("demo"), "until its life ends"


async def test_mark_never_falls(engine: AsyncEngine) -> None:
    store = MemoryKeys()
    await guarded(store, engine).create(PERIOD, b"key")
    behind = await store.state()
    await guarded(store, engine).create(period_of("shop", NOW), b"key")

    await PgKeyMarks(engine).raise_to(behind)

    mark = await PgKeyMarks(engine).read()
    assert mark is not None
    assert mark.epochs == 2


async def test_store_is_checked_when_it_comes_back(engine: AsyncEngine) -> None:
    store = MemoryKeys()
    store.is_away = True
    process = guarded(store, engine)
    with pytest.raises(KeysAway):
        await process.check()
    await guarded(MemoryKeys(), engine).check()
    store.is_away = False

    with pytest.raises(WrongKeyStore):
        await process.find([PERIOD.id])


async def test_known_epochs_cost_one_call(engine: AsyncEngine) -> None:
    store = MemoryKeys()
    await guarded(store, engine).create(PERIOD, b"key")
    process = guarded(store, engine)
    await process.check()
    store.calls.clear()

    await process.create(PERIOD, b"another")
    await process.find([PERIOD.id])

    assert store.calls == ["create", "find"]
