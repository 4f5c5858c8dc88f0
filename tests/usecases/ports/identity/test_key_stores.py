"""Every key store keeps epochs and the erasure ledger alike."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.identity.keys.epochs import Epoch, period_of
from tests.usecases.ports.identity.key_stores import SERVICES, STORES, KeyStores, Place, key_service, opened

NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
PERIOD = period_of("demo", NOW)
NEXT = period_of("demo", NOW + timedelta(days=7))


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Where the store is."""
    if request.param in SERVICES:
        with key_service(request.param, monkeypatch) as url:
            yield Place(request.param, tmp_path, service=url)
    elif request.param == "postgresql":
        yield Place(request.param, tmp_path, database_url=request.getfixturevalue("database_url"))
    else:
        yield Place(request.param, tmp_path)


@pytest.fixture
async def stores(place: Place) -> AsyncIterator[KeyStores]:
    """Opens the same store again and again, as several processes do."""
    async with opened(place) as stores:
        yield stores


async def test_first_key_of_an_epoch_stays(stores: KeyStores) -> None:
    store = stores.open()

    first, second = await store.create(PERIOD, b"first"), await store.create(PERIOD, b"second")

    assert first == second == Epoch(PERIOD, b"first")
    assert await store.find([PERIOD.id, NEXT.id]) == [first]


async def test_epoch_outlives_its_process(stores: KeyStores) -> None:
    await stores.open().create(PERIOD, b"key")

    assert await stores.open().find([PERIOD.id]) == [Epoch(PERIOD, b"key")]


async def test_processes_that_create_an_epoch_at_once_agree(stores: KeyStores) -> None:
    processes = [stores.open() for _ in range(8)]

    created = await asyncio.gather(
        *(store.create(PERIOD, f"key {n}".encode()) for n, store in enumerate(processes))
    )

    assert len({epoch.wrapped for epoch in created}) == 1
    assert (await processes[0].state()).epochs == 1


async def test_destroyed_epoch_has_no_key_and_never_returns(stores: KeyStores) -> None:
    store = stores.open()
    await store.create(PERIOD, b"key")

    assert await store.destroy(PERIOD.id, now=LATER)

    gone = Epoch(PERIOD, None, LATER)
    assert await stores.open().create(PERIOD, b"another") == gone
    assert await store.find([PERIOD.id]) == [gone]
    assert not await store.replace(PERIOD.id, b"key", b"another")


async def test_epoch_is_destroyed_once(stores: KeyStores) -> None:
    store = stores.open()
    await store.create(PERIOD, b"key")

    ends = [await store.destroy(PERIOD.id, now=LATER), await store.destroy(PERIOD.id, now=LATER)]

    assert ends == [True, False]
    assert not await store.destroy(NEXT.id, now=LATER)


async def test_key_is_replaced_only_by_whoever_knows_it(stores: KeyStores) -> None:
    store = stores.open()
    await store.create(PERIOD, b"old")

    done = [await store.replace(PERIOD.id, b"old", b"new"), await store.replace(PERIOD.id, b"old", b"newer")]

    assert done == [True, False]
    assert await store.find([PERIOD.id]) == [Epoch(PERIOD, b"new")]


async def test_epochs_are_listed_by_app_and_begin(stores: KeyStores) -> None:
    store = stores.open()
    periods = [period_of("shop", NOW), NEXT, PERIOD]
    for period in periods:
        await store.create(period, b"key")
    await store.destroy(NEXT.id, now=LATER)

    found = await store.epochs()

    assert [epoch.period for epoch in found] == [PERIOD, NEXT, periods[0]]
    assert [epoch.destroyed_at for epoch in found] == [None, LATER, None]


async def test_state_counts_what_only_grows(stores: KeyStores) -> None:
    store = stores.open()
    before = await store.state()
    await store.create(PERIOD, b"key")
    await store.create(NEXT, b"key")
    await store.destroy(PERIOD.id, now=LATER)
    await store.append("a", at=NOW)

    after = await stores.open().state()

    assert (before.epochs, before.destroyed, before.erased) == (0, 0, 0)
    assert (after.epochs, after.destroyed, after.erased) == (2, 1, 1)
    assert after.id == before.id


async def test_ledger_keeps_the_order_and_each_key_once(stores: KeyStores) -> None:
    store = stores.open()

    positions = [await store.append(key, at=NOW) for key in ("a", "b", "a", "c")]

    assert positions == [1, 2, 1, 3]
    entries = await stores.open().entries()
    assert [(entry.position, entry.key, entry.at) for entry in entries] == [
        (1, "a", NOW),
        (2, "b", NOW),
        (3, "c", NOW),
    ]
    assert [entry.key for entry in await store.entries(after=1, limit=1)] == ["b"]


async def test_ledger_has_no_gaps_when_processes_append_at_once(stores: KeyStores) -> None:
    processes = [stores.open() for _ in range(4)]

    positions = await asyncio.gather(*(processes[n % 4].append(f"key {n}", at=NOW) for n in range(20)))

    assert sorted(positions) == list(range(1, 21))
    assert [entry.position for entry in await processes[0].entries()] == list(range(1, 21))
