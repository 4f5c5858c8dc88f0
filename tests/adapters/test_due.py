"""What of due verifications is PostgreSQL's and the key ring's own; the rest stands in tests/contracts."""

from adapters.envelope import KeyRing
from tests.adapters.builders import LEASE, NOW, Store, callback, payload


async def test_a_verification_that_no_key_opens_holds_up_nobody(store: Store) -> None:
    await Store(store.engine, KeyRing([b"lost" * 8])).record(callback(payload(1)))
    good = await store.record(callback(payload(2)))
    due = await store.due.claim(now=NOW + LEASE, lease=LEASE)
    assert [item.verification_id for item in due] == [good.verification_id]
