"""The store with a key store: what is under an epoch, what its destruction takes, what an outage delays."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.away import KeysAway
from adapters.keys.data_keys import DataKeys, epoch_of
from adapters.keys.epochs import Epochs
from adapters.sealing.envelope import KeyRing
from domain.callback.payload import decode_payload
from domain.errors import BrokenSeal
from domain.identity.keys.epochs import period_of
from domain.verifications.records import DecodedCallback, Recorded
from tests.support.memory.identity.keys import MemoryKeys
from tests.support.storage.stores import LEASE, NOW, Clock, Store, callback, payload, whole_way

PERIOD = period_of("demo", NOW)
LATER = NOW + timedelta(days=90)


@pytest.fixture
def kept() -> MemoryKeys:
    return MemoryKeys()


class Processes:
    """Processes on one database and one key store, each with its own cache."""

    def __init__(self, engine: AsyncEngine, keys: KeyRing, kept: MemoryKeys) -> None:
        self._engine, self._keys, self._kept = engine, keys, kept

    def start(self) -> Store:
        """A process with a cold cache."""
        epochs = Epochs(self._kept, self._keys, clock=Clock())
        return Store(self._engine, self._keys, data_keys=DataKeys(self._keys, epochs))


@pytest.fixture
def processes(engine: AsyncEngine, keys: KeyRing, kept: MemoryKeys) -> Processes:
    return Processes(engine, keys, kept)


async def test_verification_goes_its_whole_way_under_its_epoch(processes: Processes) -> None:
    store = processes.start()

    await whole_way(store, 1)

    [(wrapped,)] = await store.rows("SELECT wrapped_key FROM verifications")
    assert epoch_of(wrapped) == PERIOD.id
    record = await processes.start().find(1)
    assert record is not None
    assert record.identity is not None


async def test_another_process_continues(processes: Processes) -> None:
    recorded = await processes.start().record()

    claimed = await processes.start().due.claim({"demo": 9}, now=NOW + LEASE, lease=LEASE)

    assert [due.verification_id for due in claimed.opened] == [recorded.verification_id]
    assert claimed.opened[0].data == callback().data


async def test_nothing_opens_once_the_epoch_is_destroyed(processes: Processes, kept: MemoryKeys) -> None:
    await whole_way(processes.start(), 1)
    letter = await processes.start().dead_letters.keep(callback(payload(2)), reason="x", detail="", now=NOW)
    await kept.destroy(PERIOD.id, now=LATER)
    after = processes.start()

    record = await after.find(1)
    assert record is not None
    assert record.identity is None
    assert record.outcome == "approved"
    with pytest.raises(BrokenSeal):
        await after.opened_letter(letter, "demo")


async def test_claim_leaves_what_the_absent_key_store_opens(processes: Processes, kept: MemoryKeys) -> None:
    warm, cold = processes.start(), processes.start()
    recorded = await warm.record()
    kept.is_away = True

    claimed = await cold.due.claim({"demo": 9}, now=NOW + LEASE, lease=LEASE)
    assert (claimed.opened, claimed.unreadable) == ([], 0)

    again = await warm.due.claim({"demo": 9}, now=NOW + 2 * LEASE, lease=LEASE)
    assert [due.verification_id for due in again.opened] == [recorded.verification_id]


async def test_callback_waits_for_the_key_store_and_delays_no_other_app(
    processes: Processes, kept: MemoryKeys
) -> None:
    store = processes.start()
    await store.record(callback(payload(1)))
    kept.is_away = True

    ends = await record_all(store, "demo", "shop")

    assert isinstance(ends[0], Recorded)
    assert isinstance(ends[1], KeysAway)
    assert await store.rows("SELECT app_id FROM verifications WHERE app_id = 'shop'") == []


async def record_all(store: Store, *app_ids: str) -> list[Recorded | BaseException]:
    """Record a callback of each app in one group."""
    taken = [callback(payload(n), app_id=app_id) for n, app_id in enumerate(app_ids, start=5)]
    decoded = [DecodedCallback(each, decode_payload(each.data), awaits_registration=False) for each in taken]
    return await store.recorder.record_all(decoded, now=NOW)


async def test_registration_and_letter_wait_for_the_key_store(processes: Processes, kept: MemoryKeys) -> None:
    store = processes.start()
    kept.is_away = True

    with pytest.raises(KeysAway):
        await store.register(1)
    with pytest.raises(KeysAway):
        await store.dead_letters.keep(callback(), reason="x", detail="", now=NOW)


async def test_rows_of_older_versions_live_beside_new_ones(
    processes: Processes, engine: AsyncEngine, keys: KeyRing
) -> None:
    older = Store(engine, keys)
    await older.record(callback(payload(1)))
    new = processes.start()

    await new.record(callback(payload(1, biz_no="order-1")))
    await new.record(callback(payload(2)))

    claimed = await new.due.claim({"demo": 9}, now=NOW + LEASE, lease=LEASE)
    assert len(claimed.opened) == 2
    lengths = await new.rows("SELECT length(wrapped_key) FROM verifications ORDER BY 1")
    assert lengths == [(68,), (77,)]


async def test_key_of_one_row_does_not_open_in_another(processes: Processes) -> None:
    store = processes.start()
    await store.record(callback(payload(1)))
    await store.record(callback(payload(2)))
    async with store.engine.begin() as connection:
        await connection.execute(
            text("UPDATE verifications SET wrapped_key = (SELECT max(wrapped_key) FROM verifications)")
        )

    claimed = await store.due.claim({"demo": 9}, now=NOW + LEASE, lease=LEASE)

    assert (len(claimed.opened), claimed.unreadable) == (1, 1)
