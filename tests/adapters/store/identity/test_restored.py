"""A database that is restored from an older backup lacks erasures, until the ledger is applied."""

from collections.abc import Sequence
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.guarded import GuardedKeys
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.keys.marks import PgKeyMarks
from adapters.store.identity.receipts import is_genuine
from adapters.store.tables.schema import metadata
from domain.identity.erasure import ledger_key
from tests.support.storage.erasing import ACTOR, LATER, Erasing
from tests.support.storage.stores import NOW, biz_id, callback, payload, whole_way

PERSONS = 5
Dump = dict[str, list[str]]


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Erasing:
    return Erasing(engine, keys)


async def dumped(engine: AsyncEngine) -> Dump:
    """Every row of every table, as JSON."""
    rows: Dump = {}
    async with engine.connect() as connection:
        for table in metadata.sorted_tables:
            found = await connection.execute(text(f"SELECT CAST(to_json(t) AS text) FROM {table.name} t"))
            rows[table.name] = [row[0] for row in found]
    return rows


async def restore(engine: AsyncEngine, dump: Dump) -> None:
    """Make the database what it was."""
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {', '.join(dump)} CASCADE"))
        for table, rows in dump.items():
            await connection.execute(
                text(
                    f"INSERT INTO {table} OVERRIDING SYSTEM VALUE "
                    f"SELECT r.* FROM json_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS json)) r"
                ),
                {"rows": f"[{','.join(rows)}]"},
            )


async def readable(store: Erasing, numbers: Sequence[int]) -> int:
    """How many of these can be read with the valid keys: identity, or any sealed bytes and their key."""
    found = [await store.find(n) for n in numbers]
    raw = await store.rows(
        "SELECT 1 FROM verifications v WHERE wrapped_key IS NOT NULL OR identity_ct IS NOT NULL "
        "OR EXISTS (SELECT FROM callbacks c WHERE c.verification_id = v.id AND c.raw_ct IS NOT NULL) "
        "OR EXISTS (SELECT FROM pulls p WHERE p.verification_id = v.id AND p.raw_ct IS NOT NULL)"
    )
    return len([each for each in found if each and each.identity]) + len(raw)


async def test_old_backup_is_noticed_and_brought_up_to_date(store: Erasing) -> None:
    numbers = range(1, PERSONS + 1)
    for n in numbers:
        await whole_way(store, n)
    await store.dead_letters.keep(callback(payload(1)), reason="refused", detail="", now=NOW)
    backup = await dumped(store.engine)
    for n in numbers:
        await store.erase(n)
    assert await store.missing() == []

    await restore(store.engine, backup)

    assert await readable(store, numbers) == 2 * PERSONS
    assert len(await store.missing()) == PERSONS
    assert await store.apply() == PERSONS
    assert await store.missing() == []
    assert await readable(store, numbers) == 0
    assert await store.letters() == []
    found = await store.find(1)
    assert found is not None
    assert (found.outcome, found.erased_at) == ("approved", LATER)
    assert await store.apply() == 0


async def test_a_request_after_the_ledger_gets_a_receipt_of_the_first_erasure(store: Erasing) -> None:
    await whole_way(store, 1)
    backup = await dumped(store.engine)
    first = await store.erase(1)
    await restore(store.engine, backup)
    assert await store.apply() == 1

    receipt = await store.erase(1)

    assert receipt.position == first.position
    assert receipt.erased_at == first.erased_at
    assert set(receipt.places.values()) == {0}
    assert is_genuine(store.keys, receipt)
    assert await store.erase(1) == receipt
    assert await store.missing() == []
    erased = "SELECT actor FROM audit WHERE action = 'verification.erased' ORDER BY id DESC LIMIT 1"
    assert await store.rows(erased) == [("command:root",)]


async def test_hold_of_the_backup_does_not_outweigh_the_ledger(store: Erasing) -> None:
    await whole_way(store, 1)
    await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="court order 7")
    backup = await dumped(store.engine)
    await store.desk.lift("demo", biz_id(1), actor=ACTOR, reason="case closed")
    await store.erase(1)

    await restore(store.engine, backup)

    assert await store.apply() == 1
    assert await readable(store, [1]) == 0


async def test_verification_that_the_backup_does_not_know_cannot_come_back(store: Erasing) -> None:
    backup = await dumped(store.engine)
    await whole_way(store, 1)
    await store.erase(1)

    await restore(store.engine, backup)
    assert await store.apply() == 1
    late = await store.record(callback(payload(1)))

    assert not late.to_advance
    found = await store.find(1)
    assert found is not None
    assert (found.state, found.identity, found.erased_at) == ("expired", None, LATER)
    assert await store.rows("SELECT wrapped_key FROM verifications") == [(None,)]


async def test_dead_letter_of_a_verification_that_the_backup_does_not_know_goes(store: Erasing) -> None:
    for n in (1, 2):
        await store.dead_letters.keep(callback(payload(n)), reason="refused", detail=str(n), now=NOW)
    backup = await dumped(store.engine)
    await whole_way(store, 1)
    await store.erase(1)

    await restore(store.engine, backup)
    assert len(await store.letters()) == 2
    assert await store.apply() == 1

    assert [each.detail for each in await store.letters()] == ["2"]


async def test_erasure_that_has_begun_is_no_old_backup(store: Erasing) -> None:
    await whole_way(store, 1)
    await store.begin(1)
    [(verification,)] = await store.rows("SELECT id FROM verifications")
    await store.kept.append(ledger_key(verification), at=LATER)

    assert await store.missing() == []
    assert await store.apply() == 0
    assert await store.desk.finish() == 1
    assert await readable(store, [1]) == 0


async def test_the_database_remembers_how_far_both_agree(store: Erasing) -> None:
    guarded = GuardedKeys(store.kept, PgKeyMarks(store.engine))
    await guarded.check()
    await whole_way(store, 1)
    await store.erase(1)

    assert await store.missing() == []

    assert await store.rows("SELECT applied FROM key_store") == [(1,)]
    store.kept.calls.clear()
    assert await store.missing() == []
    assert "entries" not in store.kept.calls


async def test_a_gap_is_not_passed_over(store: Erasing) -> None:
    await GuardedKeys(store.kept, PgKeyMarks(store.engine)).check()
    await store.kept.append(ledger_key(uuid4()), at=LATER)
    await whole_way(store, 1)
    await store.erase(1)

    assert len(await store.missing()) == 1
    assert await store.rows("SELECT applied FROM key_store") == [(0,)]
