"""Which verifications are of one ID number, whichever process decided them, under whichever master key."""

import msgspec
import pytest
from sqlalchemy import text

from adapters.keys.data_keys import DataKeys
from adapters.sealing.blind_index import BlindIndex
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.numbers.index import FORGET, PgNumbers
from domain.model import Identity, Outcome, verification_id
from tests.support.payloads.callbacks import ID_NUMBER
from tests.support.storage.stores import Store, biz_id, callback, decision_record, payload

OTHER = "11010519491231002X"
DIGESTS = "SELECT verification_id, digest FROM id_numbers ORDER BY verification_id"


def numbers_of(store: Store, *master_keys: bytes) -> PgNumbers:
    ring = KeyRing(master_keys) if master_keys else store.keys
    return PgNumbers(store.engine, keys=DataKeys(ring), index=BlindIndex(ring))


async def decide(store: Store, n: int, number: str | None, outcome: Outcome = Outcome.APPROVED) -> None:
    record = decision_record(await store.record(callback(payload(n))), outcome=outcome)
    identity = None if number is None else Identity("陈大文", number)
    assert await store.decisions.save_once(msgspec.structs.replace(record, identity=identity))


async def of_number(store: Store, number: str) -> set[str]:
    digests = BlindIndex(store.keys).digests("demo", number)
    rows = await store.rows(
        "SELECT v.biz_id FROM id_numbers n JOIN verifications v ON v.id = n.verification_id"
        " WHERE n.app_id = 'demo' AND n.digest = ANY(:digests)",
        digests=digests,
    )
    return {each for (each,) in rows}


async def forget_as_an_older_version(store: Store) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(text("DELETE FROM id_numbers"))
        await connection.execute(text("UPDATE verifications SET numbered = NULL"))


@pytest.mark.parametrize("outcome", Outcome)
async def test_a_decision_indexes_its_number(store: Store, outcome: Outcome) -> None:
    await decide(store, 1, OTHER, outcome)
    await decide(store, 2, "110105491231002", outcome)
    await decide(store, 3, None, outcome)
    assert await of_number(store, OTHER) == {biz_id(1), biz_id(2)}
    assert await store.rows("SELECT count(*) FROM id_numbers") == [(2,)]
    assert await store.rows("SELECT DISTINCT numbered FROM verifications") == [(True,)]


async def test_nothing_of_the_number_is_stored(store: Store) -> None:
    await decide(store, 1, ID_NUMBER)
    [(digest,)] = await store.rows("SELECT digest FROM id_numbers")
    assert len(digest) == 24
    assert ID_NUMBER.encode() not in digest


async def test_what_an_older_version_decided_is_indexed_in_batches(store: Store) -> None:
    for n in range(3):
        await decide(store, n, OTHER)
    before = await store.rows(DIGESTS)
    await forget_as_an_older_version(store)
    numbers = numbers_of(store)
    assert [await numbers.index_unnumbered(limit=2) for _ in range(3)] == [2, 1, 0]
    assert await store.rows(DIGESTS) == before


async def test_an_identity_that_does_not_open_is_passed_by_once(store: Store) -> None:
    await decide(store, 1, OTHER)
    await decide(store, 2, OTHER)
    await forget_as_an_older_version(store)
    async with store.engine.begin() as connection:
        broken = text("UPDATE verifications SET identity_ct = '\\x00' WHERE biz_id = :id")
        await connection.execute(broken, {"id": biz_id(1)})
    numbers = numbers_of(store)
    assert [await numbers.index_unnumbered(limit=9) for _ in range(2)] == [2, 0]
    assert await of_number(store, OTHER) == {biz_id(2)}


async def test_after_a_rotation_every_number_is_hashed_again(store: Store) -> None:
    old, new = b"o" * 32, b"n" * 32
    first = Store(store.engine, KeyRing([old]))
    for n in range(3):
        await decide(first, n, OTHER)
    numbers = numbers_of(first, new, old)
    assert [await numbers.index_again(["demo"], limit=2) for _ in range(3)] == [2, 1, 0]
    assert await of_number(Store(store.engine, KeyRing([new])), OTHER) == {biz_id(n) for n in range(3)}
    assert await of_number(first, OTHER) == set()


async def test_persons_are_counted_once_each(store: Store) -> None:
    for n, number in enumerate((OTHER, "110105491231002", ID_NUMBER)):
        await decide(store, n, number)
    numbers = numbers_of(store)
    await numbers.count_persons()
    assert await store.rows("SELECT app_id, persons FROM person_counts") == [("demo", 2)]
    async with store.engine.begin() as connection:
        ids = [verification_id("demo", biz_id(n)) for n in range(3)]
        await connection.execute(text(FORGET), {"ids": ids})
    await numbers.count_persons()
    assert await store.rows("SELECT * FROM person_counts") == []
    assert await of_number(store, OTHER) == set()
