"""Erasing by biz_id where no verification is recorded, and dead letters alone name it."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.away import KeysAway
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.receipts import is_genuine
from adapters.store.statements import new_letters
from domain.errors import BrokenSeal
from domain.identity.errors import LegalHold, NoSuchVerification
from domain.model import verification_id
from tests.support.storage.erasing import ACTOR, LATER, Erasing
from tests.support.storage.stores import NOW, biz_id, callback, payload

ID = verification_id("demo", biz_id(1))


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Erasing:
    return Erasing(engine, keys)


async def keep(store: Erasing, n: int = 1, *, app_id: str = "demo", status: str = "FAILED") -> UUID:
    letter = callback(payload(n, status=status), app_id=app_id)
    return await store.dead_letters.keep(letter, reason="refused", detail=f"{app_id} {n}", now=NOW)


async def left(store: Erasing) -> list[str]:
    return sorted(each.detail for each in await store.letters())


async def test_letters_of_this_biz_id_and_app_go(store: Erasing) -> None:
    await keep(store)
    await keep(store, status="FLOW_CANCELLED")
    await keep(store, 2)
    await keep(store, app_id="other")

    receipt = await store.erase()

    assert (receipt.verification_id, receipt.app_id, receipt.biz_id) == (ID, "demo", biz_id())
    assert (receipt.places, receipt.position) == ({"dead_letters": 2}, 1)
    assert is_genuine(store.keys, receipt)
    assert await left(store) == ["demo 2", "other 1"]
    assert await store.missing() == []
    query = "SELECT actor, reason, app_id, subject FROM audit WHERE action = 'verification.erased'"
    assert await store.rows(query) == [("command:root", "asked to", "demo", biz_id())]


async def test_the_same_again_gets_the_same_receipt(store: Erasing) -> None:
    await keep(store)

    receipts = await asyncio.gather(*(store.erase() for _ in range(5)))

    assert all(each == receipts[0] for each in [*receipts, await store.erase()])
    assert len(store.kept.erased) == 1


async def test_without_a_letter_of_the_app_there_is_none(store: Erasing) -> None:
    await keep(store, app_id="other")
    await keep(store, 2)

    for app_id, n in (("demo", 1), ("demo", 9), ("other", 2)):
        with pytest.raises(NoSuchVerification):
            await store.erase(n, app_id=app_id)
        with pytest.raises(NoSuchVerification):
            await store.desk.explain(app_id, biz_id(n))

    assert await left(store) == ["demo 2", "other 1"]
    assert not store.kept.erased
    assert await store.rows("SELECT * FROM erasures") == []


async def test_a_letter_of_an_older_version_is_opened(store: Erasing) -> None:
    await keep(store)
    await keep(store, 2)
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE dead_letters SET verification_id = NULL"))

    assert (await store.erase()).places == {"dead_letters": 1}
    assert await left(store) == ["demo 2"]


async def test_what_comes_later_has_no_identity(store: Erasing) -> None:
    await keep(store)
    receipt = await store.erase()

    again = await keep(store)
    late = await store.record(callback(payload(1)))

    with pytest.raises(BrokenSeal):
        await store.opened_letter(again, "demo")
    assert not late.to_advance
    assert await store.rows("SELECT state, wrapped_key, erased_at FROM verifications") == [
        ("expired", None, LATER)
    ]
    assert await store.erase() == receipt


async def test_the_apps_with_letters_are_named(store: Erasing) -> None:
    await keep(store)
    await keep(store, app_id="other")

    async def named(*app_ids: str) -> list[str]:
        return list(await store.desk.apps_with_letters(app_ids, biz_id()))

    assert await named("demo", "other", "lax") == ["demo", "other"]
    await store.erase()
    assert await named("demo", "lax") == ["demo"]
    assert await named("lax") == []


async def test_letters_and_receipt_are_explained(store: Erasing) -> None:
    await keep(store)
    before = await store.desk.explain("demo", biz_id())
    assert {each.place.value: each.count for each in before.places if each.count} == {"dead_letters": 1}
    assert (before.is_recorded, before.erased_at, before.receipt) == (False, None, None)

    receipt = await store.erase()

    after = await store.desk.explain("demo", biz_id())
    assert (after.receipt, after.erased_at, after.begun_at) == (receipt, LATER, None)
    assert {each.count for each in after.places} == {0}


async def test_an_interrupted_erasure_is_completed(store: Erasing) -> None:
    await keep(store)
    await store.begin()

    assert await left(store) == ["demo 1"]
    assert (await store.desk.explain("demo", biz_id())).begun_at == LATER
    assert await store.desk.finish() == 1

    assert await left(store) == []
    assert (await store.erase()).places == {"dead_letters": 1}


async def test_nothing_begins_while_the_key_store_is_away(store: Erasing) -> None:
    await keep(store)
    store.kept.is_away = True
    with pytest.raises(KeysAway):
        await store.erase()
    assert await store.rows("SELECT * FROM erasures") == []


async def test_a_hold_at_another_app_of_the_account_wins(engine: AsyncEngine, keys: KeyRing) -> None:
    store = Erasing(engine, keys, sharing={"demo": ["demo", "other"]})
    await keep(store)
    await store.record(callback(payload(1), app_id="other"))
    await store.desk.hold("other", biz_id(), actor=ACTOR, reason="court order 7")

    with pytest.raises(LegalHold):
        await store.erase()
    assert await left(store) == ["demo 1"]


async def test_it_waits_for_a_letter_under_way(store: Erasing) -> None:
    await keep(store)
    async with store.engine.begin() as storing:
        await storing.execute(new_letters.ADD, {"id": ID})
        erasing = asyncio.create_task(store.erase())
        await _waits_for_a_turn(store)
    assert (await erasing).places == {"dead_letters": 1}


async def test_a_letter_waits_for_the_begin_of_an_erasure(store: Erasing) -> None:
    async with store.engine.begin() as beginning:
        await beginning.execute(new_letters.STOP, {"id": ID})
        keeping = asyncio.create_task(keep(store))
        await _waits_for_a_turn(store)
        await beginning.execute(_BEGUN, {"id": ID})
    with pytest.raises(BrokenSeal):
        await store.opened_letter(await keeping, "demo")


_BEGUN = text("INSERT INTO erasures (verification_id, at, because) VALUES (:id, now(), 'request')")


async def _waits_for_a_turn(store: Erasing) -> None:
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    async with asyncio.timeout(30):
        while await store.rows(query) == [(0,)]:
            await asyncio.sleep(0.01)
