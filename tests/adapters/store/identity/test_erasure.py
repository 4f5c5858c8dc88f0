"""One erasure: what goes, what stays, what is refused, and what comes later."""

import asyncio

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.keys.away import KeysAway
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.receipts import is_genuine
from domain.apps.registration import Registered, Registration
from domain.errors import BrokenSeal
from domain.identity.errors import AlreadyErased, LegalHold, NoKeyStore, NoSuchVerification
from domain.model import verification_id
from tests.support.payloads.callbacks import NAME
from tests.support.storage.erasing import ACTOR, LATER, Erasing
from tests.support.storage.stores import NOW, biz_id, callback, payload, whole_way
from usecases.identity.erase import ErasureDesk

ID = verification_id("demo", biz_id(1))


@pytest.fixture
def store(engine: AsyncEngine, keys: KeyRing) -> Erasing:
    return Erasing(engine, keys)


async def test_identity_goes_and_the_decision_stays(store: Erasing) -> None:
    await whole_way(store, 1)
    await whole_way(store, 2)
    before = await store.find(1)
    assert before is not None
    assert before.identity is not None

    receipt = await store.erase(1)

    after = await store.find(1)
    assert after == msgspec.structs.replace(before, identity=None, erased_at=LATER)
    assert receipt.places == {
        "data_key": 1, "identity": 1, "callbacks": 1, "results": 1, "notes": 0, "id_numbers": 1,
        "dead_letters": 0, "pictures": 0,
    }  # fmt: skip
    assert await store.rows(
        "SELECT count(*) FROM verifications v JOIN callbacks c ON c.verification_id = v.id "
        "JOIN pulls p ON p.verification_id = v.id WHERE v.id = :id AND v.wrapped_key IS NULL "
        "AND v.identity_ct IS NULL AND c.raw_ct IS NULL AND p.raw_ct IS NULL",
        id=ID,
    ) == [(1,)]
    other = await store.find(2)
    assert other is not None
    assert other.identity is not None


async def test_the_receipt_is_signed_and_the_same_again(store: Erasing) -> None:
    await whole_way(store, 1)

    receipt = await store.erase(1)

    assert await store.erase(1) == receipt
    assert is_genuine(store.keys, receipt)
    assert not is_genuine(store.keys, msgspec.structs.replace(receipt, biz_id="another"))
    assert not is_genuine(KeyRing([b"o" * 32]), receipt)
    assert len(store.kept.erased) == 1


async def test_ten_at_once_erase_once(store: Erasing) -> None:
    await whole_way(store, 1)

    receipts = await asyncio.gather(*(store.erase(1) for _ in range(10)))

    assert len({msgspec.json.encode(each) for each in receipts}) == 1
    assert (await store.events(ID)).count("verification.erased") == 1


async def test_audit_timeline_and_event_tell_of_it(store: Erasing) -> None:
    await whole_way(store, 1)

    await store.erase(1)

    query = "SELECT actor, reason, subject FROM audit WHERE action = 'verification.erased'"
    assert await store.rows(query) == [("command:root", "asked to", biz_id(1))]
    assert await store.rows("SELECT app_id FROM events WHERE type = 'verification.erased'") == [("demo",)]
    assert (await store.events(ID))[-1] == "verification.erased"


async def test_unknown_verification(store: Erasing) -> None:
    with pytest.raises(NoSuchVerification):
        await store.erase(9)
    assert not store.kept.erased


async def test_held_verification_stays_until_the_hold_is_lifted(store: Erasing) -> None:
    await whole_way(store, 1)
    hold = await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="court order 7")
    assert hold.reason == "court order 7"

    with pytest.raises(LegalHold):
        await store.erase(1)
    assert (await store.desk.explain("demo", biz_id(1))).hold == hold
    assert not store.kept.erased
    assert await store.desk.lift("demo", biz_id(1), actor=ACTOR, reason="case closed")
    assert not await store.desk.lift("demo", biz_id(1), actor=ACTOR, reason="again")

    await store.erase(1)
    with pytest.raises(AlreadyErased):
        await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="too late")
    assert [event for event in await store.events(ID) if event.startswith("hold.")] == [
        "hold.placed", "hold.lifted",
    ]  # fmt: skip


async def test_nothing_begins_while_the_key_store_is_away(store: Erasing) -> None:
    await whole_way(store, 1)
    store.kept.is_away = True

    with pytest.raises(KeysAway):
        await store.erase(1)

    assert await store.rows("SELECT * FROM erasures") == []
    store.kept.is_away = False
    view = await store.desk.explain("demo", biz_id(1))
    assert {place.place.value: place.count for place in view.places}["identity"] == 1


async def test_a_ledger_that_fails_in_between_leaves_it_to_a_worker(store: Erasing) -> None:
    await whole_way(store, 1)
    await store.begin(1)

    with pytest.raises(AlreadyErased):
        await store.desk.hold("demo", biz_id(1), actor=ACTOR, reason="too late")
    assert await store.missing() == []
    assert await store.desk.finish() == 1

    record = await store.find(1)
    assert record is not None
    assert record.erased_at is not None
    assert is_genuine(store.keys, await store.erase(1))


async def test_without_a_key_store_nothing_is_erased(store: Erasing) -> None:
    await whole_way(store, 1)
    desk = ErasureDesk(store.erasures, store.holds, store.places, ledger=None, clock=lambda: LATER)

    with pytest.raises(NoKeyStore):
        await desk.erase("demo", biz_id(1), actor=ACTOR, reason="asked to")
    assert await desk.finish() == 0


async def test_late_callback_brings_no_identity_back(store: Erasing) -> None:
    await whole_way(store, 1)
    await store.erase(1)

    late = await store.record(callback(payload(1, status="FLOW_CANCELLED")))

    assert late.is_new
    assert not late.to_advance
    assert (await store.events(ID))[-1] == "callback.received"
    [(raw, wrapped, state)] = await store.rows(
        "SELECT c.raw_ct, v.wrapped_key, v.state FROM callbacks c JOIN verifications v ON v.id = "
        "c.verification_id WHERE c.raw_ct IS NOT NULL"
    )
    assert (wrapped, state) == (None, "decided")
    with pytest.raises(BrokenSeal):
        store.data_keys.unwrap_data_key(wrapped, place="verifications.wrapped_key")
    assert NAME.encode() not in raw
    assert (await store.desk.explain("demo", biz_id(1))).places[2].count == 0


@pytest.mark.parametrize("awaits_registration", [False, True])
async def test_open_verification_ends_and_stays_ended(store: Erasing, awaits_registration: bool) -> None:
    await store.record(callback(payload(1)), awaits_registration=awaits_registration)

    await store.erase(1)
    late = await store.record(
        callback(payload(1, status="FLOW_CANCELLED")), awaits_registration=awaits_registration
    )

    assert not late.to_advance
    assert await store.rows("SELECT state, due_at, held FROM verifications") == [("expired", None, False)]


async def test_a_decision_under_way_is_refused(store: Erasing) -> None:
    recorded = await store.record()

    await store.erase(1)

    assert not await store.decide(recorded)
    assert await store.rows("SELECT identity_ct FROM verifications") == [(None,)]


async def test_an_answer_under_way_is_under_no_key(store: Erasing) -> None:
    recorded = await store.record()
    await store.reserve(recorded, 1)

    await store.erase(1)

    assert {place.count for place in (await store.desk.explain("demo", biz_id(1))).places} == {0}


async def test_erased_verification_is_not_registered_again(store: Erasing) -> None:
    await whole_way(store, 1)
    await store.erase(1)

    answer = await store.registrations.register(
        "demo", biz_id(1), Registration("order-1", NOW, LATER), by="token:orders"
    )

    assert answer is Registered.CONFLICT


async def test_dead_letters_go_and_a_later_one_is_empty(store: Erasing) -> None:
    await whole_way(store, 1)
    letter = callback(payload(1, status="FAILED"))
    for n, tree in enumerate((payload(1, status="FAILED"), payload(2, status="FAILED"))):
        await store.dead_letters.keep(callback(tree), reason="refused", detail=str(n), now=NOW)
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE dead_letters SET verification_id = NULL"))

    receipt = await store.erase(1)

    assert receipt.places["dead_letters"] == 1
    assert [each.detail for each in await store.letters()] == ["1"]
    again = await store.dead_letters.keep(letter, reason="refused", detail="late", now=NOW)
    with pytest.raises(BrokenSeal):
        await store.opened_letter(again, "demo")


async def test_notes_of_reviews_go(store: Erasing) -> None:
    await whole_way(store, 1)
    async with store.engine.begin() as connection:
        await connection.execute(_NOTED, {"id": ID})

    assert (await store.erase(1)).places["notes"] == 1

    assert await store.rows("SELECT note_ct FROM review_events") == [(None,)]


async def test_apps_of_one_account_are_erased_together(engine: AsyncEngine, keys: KeyRing) -> None:
    store = Erasing(engine, keys, sharing={"demo": ["demo", "other"]})
    await whole_way(store, 1)

    await store.erase(1)
    late = await store.record(callback(payload(1, status="FLOW_CANCELLED"), app_id="other"))

    assert not late.to_advance
    record = await store.find(1, app_id="other")
    assert record is not None
    assert (record.state, record.erased_at) == ("expired", LATER)
    assert await store.rows("SELECT wrapped_key FROM verifications WHERE app_id = 'other'") == [(None,)]


_NOTED = text("""
WITH opened AS (
  INSERT INTO review_cases
    (verification_id, app_id, opened_because, policy_hash, four_eyes, opened_at, due_at, priority)
  VALUES (:id, 'demo', 'appeal', '', '{}', now(), now(), 1) RETURNING id
)
INSERT INTO review_events (case_id, seq, at, actor, kind, note_ct)
SELECT id, 1, now(), 'person:li.na', 'opened', CAST('\\x01' AS bytea) FROM opened
""")
