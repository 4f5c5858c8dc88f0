"""What of due verifications is PostgreSQL's and the key ring's own; the rest stands in tests/contracts."""

import pytest
from sqlalchemy import text

from adapters.envelope import KeyRing
from domain.errors import BrokenSeal
from tests.adapters.builders import LEASE, NOW, Store, callback, payload


async def test_a_verification_that_no_key_opens_holds_up_nobody(store: Store) -> None:
    await Store(store.engine, KeyRing([b"lost" * 8])).record(callback(payload(1)))
    good = await store.record(callback(payload(2)))
    due = await store.due.claim(now=NOW + LEASE, lease=LEASE)
    assert [item.verification_id for item in due] == [good.verification_id]


async def test_a_verification_whose_person_was_erased_holds_up_nobody(store: Store) -> None:
    erased, good = await store.record(callback(payload(1))), await store.record(callback(payload(2)))
    erase = text("UPDATE verifications SET wrapped_key = NULL WHERE id = :id")
    async with store.engine.begin() as connection:
        await connection.execute(erase, {"id": erased.verification_id})
    due = await store.due.claim(now=NOW + LEASE, lease=LEASE)
    assert [item.verification_id for item in due] == [good.verification_id]
    with pytest.raises(BrokenSeal, match="deleted"):
        await store.record(callback(payload(1, biz_no="order-2")))
