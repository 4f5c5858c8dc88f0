"""Counts of ID numbers in PostgreSQL; tests/usecases/ports has what they mean."""

import asyncio

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.numbers.counts import PgNumberCounts
from adapters.store.identity.numbers.velocity import PgVelocity
from domain.model import verification_id
from domain.policy.facts.facts import MOST_COUNTED, Velocity
from tests.support.payloads.callbacks import ID_NUMBER
from tests.support.storage.erasing import Erasing
from tests.support.storage.stores import NOW, Store, biz_id, callback, payload


async def test_verifications_of_one_group_count_each_other(store: Store) -> None:
    cases = [await store.record(callback(payload(n))) for n in range(5)]
    counts = await asyncio.gather(*(store.velocity.count(each.lease, ID_NUMBER, at=NOW) for each in cases))
    assert counts == [Velocity(4, 4)] * 5


async def test_counting_stops(store: Store) -> None:
    digest = BlindIndex(store.keys).digest("demo", ID_NUMBER)
    many = text(
        "INSERT INTO id_numbers SELECT gen_random_uuid(), 'demo', CAST(:digest AS bytea), :at"
        " FROM generate_series(1, :count)"
    )
    async with store.engine.begin() as connection:
        await connection.execute(many, {"digest": digest, "at": NOW, "count": MOST_COUNTED + 5})
    recorded = await store.record()
    counted = await store.velocity.count(recorded.lease, ID_NUMBER, at=NOW)
    assert counted == Velocity(MOST_COUNTED, MOST_COUNTED)


async def test_while_a_master_key_is_replaced_both_digests_count(store: Store) -> None:
    old, new = b"o" * 32, b"n" * 32
    first, second, third = [await store.record(callback(payload(n))) for n in (1, 2, 3)]
    before, after = (
        PgVelocity(store.engine, index=BlindIndex(KeyRing(ring))) for ring in ([old], [new, old])
    )
    assert await before.count(first.lease, ID_NUMBER, at=NOW) == Velocity(0, 0)
    assert await after.count(second.lease, ID_NUMBER, at=NOW) == Velocity(1, 1)
    assert await after.count(third.lease, ID_NUMBER, at=NOW) == Velocity(2, 2)


async def test_what_was_erased_meanwhile_is_not_indexed_again(engine: AsyncEngine, keys: KeyRing) -> None:
    store = Erasing(engine, keys)
    recorded = await store.record()
    await store.erase()
    [(fence,)] = await store.rows("SELECT fence FROM verifications")
    for lease in (recorded.lease, msgspec.structs.replace(recorded.lease, fence=fence)):
        await store.velocity.count(lease, ID_NUMBER, at=NOW)
        assert await store.rows("SELECT * FROM id_numbers") == []


async def test_an_order_counts_from_its_own_time(store: Store) -> None:
    counts = PgNumberCounts(store.engine, index=BlindIndex(store.keys))
    await store.register()
    await counts.note("demo", verification_id("demo", biz_id(1)), ID_NUMBER, at=NOW)
    recorded = await store.record(callback(payload(2)))
    assert await store.velocity.count(recorded.lease, ID_NUMBER, at=NOW) == Velocity(1, 1)


async def test_nothing_of_the_number_is_stored(store: Store) -> None:
    recorded = await store.record()
    await store.velocity.count(recorded.lease, ID_NUMBER, at=NOW)
    [(digest,)] = await store.rows("SELECT digest FROM id_numbers")
    assert digest == BlindIndex(store.keys).digest("demo", ID_NUMBER)
    assert ID_NUMBER.encode() not in digest
