"""The PostgreSQL side and the encryption of due verifications. For the rest see tests/usecases/ports."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from adapters.sealing.envelope import KeyRing
from adapters.store.schedule.due import UNREADABLE_REST
from domain.errors import BrokenSeal
from domain.verifications.records import ClaimedVerifications
from tests.support.storage.stores import LEASE, NOW, Store, callback, payload


async def claim(store: Store, *, after: timedelta = LEASE, **room: int) -> ClaimedVerifications:
    return await store.due.claim(room or {"demo": 100}, now=NOW + after, lease=LEASE)


async def test_a_thousand_unreadable_verifications_are_postponed_and_delay_no_other(store: Store) -> None:
    foreign = Store(store.engine, KeyRing([b"lost" * 8]))
    for n in range(130):
        await foreign.record(callback(payload(n)))
    good = await store.record(callback(payload(999), received_at=NOW + timedelta(seconds=1)))
    first = await claim(store)
    assert (first.opened, first.unreadable, first.full) == ([], 100, frozenset({"demo"}))
    second = await claim(store, after=LEASE + timedelta(seconds=1))
    assert [item.verification_id for item in second.opened] == [good.verification_id]
    assert second.unreadable == 30
    assert (await claim(store, after=UNREADABLE_REST)).unreadable == 0
    # The readable one is due at the same moment.
    assert (await claim(store, after=UNREADABLE_REST + LEASE, demo=101)).unreadable == 100


async def test_each_app_has_its_own_share_and_is_reported_full(store: Store) -> None:
    for n in range(6):
        await store.record(callback(payload(n), app_id="busy"))
    await store.record(callback(payload(7), app_id="quiet"))
    await store.record(callback(payload(8), app_id="gone"))
    claimed = await claim(store, busy=3, quiet=3)
    apps = Counter(item.app_id for item in claimed.opened)
    assert (apps, claimed.full) == ({"busy": 3, "quiet": 1}, frozenset({"busy"}))


async def test_a_verification_that_no_key_decrypts_delays_no_other(store: Store) -> None:
    await Store(store.engine, KeyRing([b"lost" * 8])).record(callback(payload(1)))
    good = await store.record(callback(payload(2)))
    claimed = await claim(store)
    assert [item.verification_id for item in claimed.opened] == [good.verification_id]


async def test_a_verification_of_an_erased_person_delays_no_other(store: Store) -> None:
    erased, good = await store.record(callback(payload(1))), await store.record(callback(payload(2)))
    erase = text("UPDATE verifications SET wrapped_key = NULL WHERE id = :id")
    async with store.engine.begin() as connection:
        await connection.execute(erase, {"id": erased.verification_id})
    claimed = await claim(store)
    assert [item.verification_id for item in claimed.opened] == [good.verification_id]
    with pytest.raises(BrokenSeal, match="deleted"):
        await store.record(callback(payload(1, biz_no="order-2")))


async def test_another_callbacks_bytes_are_not_opened_in_a_callbacks_place(store: Store) -> None:
    """Both are sealed for this verification, so only the digest distinguishes them."""
    await store.record(callback(payload(status="FAILED")))
    await store.record(callback(payload(status="OK")))
    async with store.engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE callbacks c SET raw_ct = o.raw_ct FROM callbacks o"
                " WHERE o.verification_id = c.verification_id AND o.digest <> c.digest"
            )
        )
    assert (await claim(store)).opened == []


@pytest.mark.parametrize("silent", [True, False])
async def test_a_claim_reads_nothing_but_its_share(store: Store, silent: bool) -> None:
    """After an outage a hundred thousand silent ones may be due before the first that has a callback."""
    async with store.engine.begin() as connection:
        await connection.execute(text(MANY_DUE), {"now": NOW})
    async with store.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("ANALYZE verifications"))
    plans = await explained(store, lambda: store.due.claim({"demo": 5}, now=NOW, lease=LEASE, silent=silent))
    plan = next(plan for plan in plans if "LockRows" in plan)
    assert re.search(
        r"Index Scan using verifications_due_by_app.*\n.*app_id = .*::integer = .*due_at <=", plan
    )


async def explained(store: Store, work: Callable[[], Awaitable[object]]) -> list[str]:
    """The plan of each statement that `work` executes."""
    statements: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        statements.append((statement, values))

    event.listen(store.engine.sync_engine, "before_cursor_execute", note)
    try:
        await work()
    finally:
        event.remove(store.engine.sync_engine, "before_cursor_execute", note)
    async with store.engine.connect() as connection:
        rows = [await connection.exec_driver_sql(f"EXPLAIN {sql}", values) for sql, values in statements]
        return ["\n".join(found.scalars()) for found in rows]


MANY_DUE = """
INSERT INTO verifications (id, app_id, biz_id, state, wrapped_key, final_digest, due_at)
SELECT gen_random_uuid(), 'demo', CAST(n AS text), 'received', 'no key opens it',
       CASE WHEN n < 20 THEN CAST('x' AS bytea) END, CAST(:now AS timestamptz) - n * interval '1 second'
FROM generate_series(1, 20000) n
"""
