"""The epochs of one process: few calls, no outage shorter than their life, nothing after destruction."""

import asyncio
from datetime import timedelta

import pytest

from adapters.keys.away import KeysAway
from adapters.keys.epochs import Epochs
from adapters.sealing.envelope import KeyRing
from domain.errors import BrokenSeal
from domain.identity.keys.epochs import period_of
from domain.views.operations.processes import KeysStatus
from tests.support.memory.identity.keys import MemoryKeys
from tests.support.storage.stores import NOW, Clock

LIFE = timedelta(hours=1)
PERIOD = period_of("demo", NOW)


class Process:
    """A process with a clock that tests move."""

    def __init__(self, store: MemoryKeys, keys: KeyRing, *, most: int = 100) -> None:
        self.clock = Clock()
        self.seconds = 0.0
        self.epochs = Epochs(
            store, keys, clock=self.clock, monotonic=lambda: self.seconds, life=LIFE, most=most
        )

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.seconds += span.total_seconds()
        self.clock.now += span


@pytest.fixture
def store() -> MemoryKeys:
    return MemoryKeys()


@pytest.fixture
def process(store: MemoryKeys, keys: KeyRing) -> Process:
    return Process(store, keys)


async def test_epoch_costs_one_call(store: MemoryKeys, process: Process) -> None:
    for _ in range(3):
        await process.epochs.prepare(["demo", "demo"])
        process.epochs.current("demo")

    assert store.calls == ["create"]


async def test_epochs_that_are_missing_are_loaded_in_one_call(store: MemoryKeys, keys: KeyRing) -> None:
    ids = [(await Process(store, keys).epochs.at(app_id, NOW))[0] for app_id in ("demo", "shop")]
    store.calls.clear()
    process = Process(store, keys)

    await asyncio.gather(*(process.epochs.load(ids) for _ in range(5)))

    assert store.calls == ["find"]
    assert all(process.epochs.key(each) for each in ids)


async def test_two_processes_use_one_key(store: MemoryKeys, process: Process, keys: KeyRing) -> None:
    await process.epochs.prepare(["demo"])
    other = Process(store, keys)
    await other.epochs.prepare(["demo"])
    epoch_id, key = process.epochs.current("demo")

    sealed = key.seal(b"text", place="here")

    assert other.epochs.key(epoch_id).unseal(sealed, place="here") == b"text"


async def test_outage_shorter_than_the_life_is_not_felt(store: MemoryKeys, process: Process) -> None:
    await process.epochs.prepare(["demo"])
    store.is_away = True

    process.wait(LIFE - timedelta(seconds=1))
    await process.epochs.prepare(["demo"])
    assert process.epochs.current("demo")[0] == PERIOD.id

    process.wait(timedelta(seconds=1))
    with pytest.raises(KeysAway):
        await process.epochs.prepare(["demo"])
    with pytest.raises(KeysAway):
        process.epochs.current("demo")


async def test_confirmation_begins_the_life_again(store: MemoryKeys, process: Process) -> None:
    await process.epochs.prepare(["demo"])
    process.wait(LIFE / 2)
    await process.epochs.confirm()
    store.is_away = True

    process.wait(LIFE - timedelta(seconds=1))

    assert process.epochs.current("demo")[0] == PERIOD.id


async def test_confirmation_forgets_a_destroyed_epoch(store: MemoryKeys, process: Process) -> None:
    await process.epochs.prepare(["demo"])
    await store.destroy(PERIOD.id, now=NOW)

    await process.epochs.confirm()

    with pytest.raises(BrokenSeal, match="destroyed"):
        process.epochs.key(PERIOD.id)


async def test_next_epoch_is_made_a_day_ahead(store: MemoryKeys, process: Process) -> None:
    await process.epochs.prepare(["demo"])
    process.wait(PERIOD.ends - timedelta(hours=23) - process.clock.now)
    await process.epochs.prepare(["demo"])
    await process.epochs.confirm()
    store.is_away = True

    process.wait(timedelta(hours=23))
    process.seconds -= timedelta(hours=23).total_seconds()

    assert process.epochs.current("demo")[0] == period_of("demo", PERIOD.ends).id


async def test_nothing_new_is_put_under_a_destroyed_epoch(
    store: MemoryKeys, process: Process, keys: KeyRing
) -> None:
    before = period_of("demo", NOW - timedelta(days=30))
    await process.epochs.at("demo", before.begins)
    await store.destroy(before.id, now=NOW)

    epoch_id, _ = await Process(store, keys).epochs.at("demo", before.begins)

    assert epoch_id == PERIOD.id
    assert store.kept[before.id].wrapped is None


async def test_unknown_epoch_breaks_the_seal(process: Process) -> None:
    await process.epochs.load([PERIOD.id])

    with pytest.raises(BrokenSeal, match="unknown"):
        process.epochs.key(PERIOD.id)


async def test_wrapped_key_opens_only_as_its_own_epoch(
    store: MemoryKeys, process: Process, keys: KeyRing
) -> None:
    await process.epochs.prepare(["demo", "shop"])
    shop = period_of("shop", NOW)
    moved = store.kept[PERIOD.id].wrapped
    assert moved is not None
    assert await store.replace(shop.id, store.kept[shop.id].wrapped or b"", moved)
    thief = Process(store, keys)

    await thief.epochs.load([shop.id])

    with pytest.raises(BrokenSeal):
        thief.epochs.key(shop.id)


async def test_epoch_of_a_missing_master_key_is_unreadable(store: MemoryKeys, process: Process) -> None:
    await process.epochs.prepare(["demo"])
    other = Process(store, KeyRing([b"o" * 32]))

    await other.epochs.load([PERIOD.id])

    with pytest.raises(BrokenSeal):
        other.epochs.key(PERIOD.id)


async def test_call_that_fails_now_and_then_is_repeated(store: MemoryKeys, process: Process) -> None:
    store.failures = 2

    await process.epochs.prepare(["demo"])

    assert process.epochs.current("demo")[0] == PERIOD.id


async def test_store_that_failed_rests(store: MemoryKeys, process: Process) -> None:
    store.is_away = True
    with pytest.raises(KeysAway):
        await process.epochs.prepare(["demo"])
    called = len(store.calls)

    with pytest.raises(KeysAway, match="just now"):
        await process.epochs.prepare(["demo"])
    assert len(store.calls) == called

    store.is_away = False
    process.wait(timedelta(seconds=2))
    await process.epochs.prepare(["demo"])


async def test_cache_is_bounded(store: MemoryKeys, keys: KeyRing) -> None:
    process = Process(store, keys, most=2)
    for app_id in ("a", "b", "c"):
        await process.epochs.prepare([app_id])

    with pytest.raises(KeysAway):
        process.epochs.key(period_of("a", NOW).id)
    assert process.epochs.current("c")


async def test_status_says_for_how_long_the_keys_last(store: MemoryKeys, process: Process) -> None:
    assert process.epochs.status() == KeysStatus(up=True, failures=0, left=0)
    await process.epochs.prepare(["demo"])
    process.wait(timedelta(minutes=20))
    await process.epochs.prepare(["shop"])
    assert process.epochs.status().left == timedelta(minutes=40).total_seconds()

    await process.epochs.confirm()
    assert process.epochs.status() == KeysStatus(up=True, failures=0, left=LIFE.total_seconds())

    store.is_away = True
    with pytest.raises(KeysAway):
        await process.epochs.confirm()
    process.wait(timedelta(minutes=70))
    assert process.epochs.status() == KeysStatus(up=False, failures=3, left=0)
