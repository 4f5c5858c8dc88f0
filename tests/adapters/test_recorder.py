"""Callbacks are recorded once each, in whatever groups, order and number of processes they come."""

import asyncio
import json
import secrets
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.envelope import KeyRing, unseal
from adapters.store.recorder import PgRecorder, raw_callback_place
from domain.model import AcceptedCallback, CallbackKind, Outcome, verification_id
from domain.payload import decode_payload
from tests.adapters.builders import (
    LEASE,
    NOW,
    Store,
    biz_id,
    callback,
    dump_database,
    payload,
    traces,
)
from tests.domain.builders import passing_payload, put

OPEN = callback(payload(status="PROCESSING"))
FINAL = callback()
OTHER_FINAL = callback(payload(biz_no="order-2"), kind=CallbackKind.RETURN)


async def test_the_first_final_callback_is_to_be_settled(store: Store) -> None:
    recorded = await store.record(FINAL)
    assert recorded.verification_id == verification_id("demo", biz_id())
    assert recorded.is_new
    assert recorded.to_settle
    record = await store.find()
    assert record is not None
    assert (record.state, record.vendor_status, record.biz_no) == ("received", "OK", "order-1")
    assert (record.received_at, record.outcome) == (NOW, None)
    assert await store.events(recorded.verification_id) == ["callback.received"]


async def test_a_duplicate_is_counted_and_changes_nothing(store: Store) -> None:
    first = await store.record(FINAL)
    before = await store.rows("SELECT v::text FROM verifications v")
    again = await store.record(callback(received_at=NOW + timedelta(hours=1), secret_index=1))
    assert not again.is_new
    assert not again.to_settle
    assert again.data_key == first.data_key
    assert await store.rows("SELECT v::text FROM verifications v") == before
    assert await store.rows("SELECT seen, secret_index, kind FROM callbacks") == [(2, 0, "notify")]
    assert await store.events(first.verification_id) == ["callback.received"]


async def test_duplicates_in_one_group_are_settled_once(store: Store) -> None:
    ends = await asyncio.gather(*(store.record(FINAL) for _ in range(30)))
    assert sum(end.is_new for end in ends) == 1
    assert sum(end.to_settle for end in ends) == 1
    assert len({end.data_key for end in ends}) == 1
    assert await store.rows("SELECT seen FROM callbacks") == [(30,)]


async def test_two_processes_at_once_record_once(store: Store, engine: AsyncEngine, keys: KeyRing) -> None:
    processes = [PgRecorder(engine, keys=keys, lease=LEASE) for _ in range(4)]
    taken = [callback(payload(n)) for n in range(40)]
    ends = await asyncio.gather(
        *(
            process.record(each, decode_payload(each.data), now=NOW)
            for turn, process in enumerate(processes)
            for each in (taken if turn % 2 else reversed(taken))
        )
    )
    for each in taken:
        key = verification_id("demo", decode_payload(each.data).biz_id)
        mine = [end for end in ends if end.verification_id == key]
        assert [end.to_settle for end in mine].count(True) == 1
        assert len({end.data_key for end in mine}) == 1
    assert await store.rows("SELECT count(*), min(seen), max(seen) FROM callbacks") == [(40, 4, 4)]
    assert await store.rows("SELECT count(*) FROM timeline") == [(40,)]


async def test_groups_that_share_verifications_wait_for_each_other(
    store: Store, engine: AsyncEngine, keys: KeyRing
) -> None:
    processes = [PgRecorder(engine, keys=keys, lease=LEASE) for _ in range(8)]
    for first in range(0, 384, 128):
        taken = [callback(payload(n)) for n in range(first, first + 128)]
        ends = await asyncio.gather(
            *(
                process.record(each, decode_payload(each.data), now=NOW)
                for turn, process in enumerate(processes)
                for each in (taken if turn % 2 else reversed(taken))
            )
        )
        assert sum(end.to_settle for end in ends) == 128, "a deadlock would have raised"


async def test_a_second_final_callback_is_a_conflict_and_settles_nothing(store: Store) -> None:
    first = await store.record(FINAL)
    second = await store.record(OTHER_FINAL)
    assert (second.is_new, second.to_settle) == (True, False)
    assert await store.events(first.verification_id) == ["callback.received", "callback.conflict"]
    record = await store.find()
    assert record is not None
    assert record.biz_no == "order-1", "the first one stands"


async def test_two_different_final_callbacks_in_one_group_one_is_settled(store: Store) -> None:
    ends = await asyncio.gather(store.record(FINAL), store.record(OTHER_FINAL))
    assert [end.to_settle for end in ends] == [True, False]
    events = await store.events(ends[0].verification_id)
    assert sorted(events) == ["callback.conflict", "callback.received"]


@pytest.mark.parametrize("one_group", [True, False], ids=["in one group", "one after the other"])
@pytest.mark.parametrize("taken", [[OPEN, FINAL], [FINAL, OPEN]], ids=["open first", "final first"])
async def test_an_open_callback_never_stands_in_the_way_of_the_final_one(
    store: Store, one_group: bool, taken: list[AcceptedCallback]
) -> None:
    if one_group:
        ends = await asyncio.gather(*map(store.record, taken))
    else:
        ends = [await store.record(each) for each in taken]
    assert [end.to_settle for end in ends] == [each is FINAL for each in taken]
    record = await store.find()
    assert record is not None
    assert record.vendor_status == "OK"
    assert await store.events(record.id) == ["callback.received"] * 2


async def test_an_open_callback_alone_is_not_due(store: Store) -> None:
    recorded = await store.record(OPEN)
    assert recorded.is_new
    assert not recorded.to_settle
    assert await store.rows("SELECT state, due_at, ended_at FROM verifications") == [("received", None, None)]


async def test_an_expired_verification_comes_back_by_a_final_callback_alone(store: Store) -> None:
    await store.register()
    [due] = await store.due.claim(now=NOW + timedelta(days=2), lease=LEASE, silent=True)
    await store.due.expire(due.verification_id, fence=due.fence)
    await store.record(callback(payload(status="PROCESSING")))
    assert await store.rows("SELECT state, due_at FROM verifications") == [("expired", None)]
    await store.record(callback(payload()))
    assert await store.rows("SELECT state, due_at FROM verifications") == [("received", NOW + LEASE)]


async def test_what_comes_behind_a_decision_does_not_hold_it(store: Store) -> None:
    recorded = await store.record()
    await store.decide(recorded)
    await store.record(callback(payload(biz_no="another")), hold=True)
    assert await store.rows("SELECT state, held FROM verifications") == [("decided", False)]


async def test_a_final_callback_is_due_after_the_lease(store: Store) -> None:
    await store.record(FINAL)
    assert await store.rows("SELECT due_at, ended_at FROM verifications") == [(NOW + LEASE, NOW)]


async def test_a_late_callback_does_not_reopen_a_decided_verification(store: Store) -> None:
    recorded = await store.record(FINAL)
    await store.decide(recorded, outcome=Outcome.APPROVED)
    late = await store.record(OTHER_FINAL)
    assert not late.to_settle
    record = await store.find()
    assert record is not None
    assert (record.state, record.outcome) == ("decided", "approved")
    assert await store.rows("SELECT due_at FROM verifications") == [(None,)]


async def test_the_same_biz_id_of_two_apps_is_two_verifications(store: Store) -> None:
    ends = await asyncio.gather(store.record(FINAL), store.record(callback(app_id="other")))
    assert all(end.to_settle for end in ends)
    assert ends[0].verification_id != ends[1].verification_id
    assert ends[0].data_key != ends[1].data_key


async def test_the_raw_bytes_open_with_the_data_key_in_their_place(store: Store) -> None:
    recorded = await store.record(FINAL)
    [(raw_ct,)] = await store.rows("SELECT raw_ct FROM callbacks")
    place = raw_callback_place("demo", recorded.verification_id)
    assert unseal(recorded.data_key, raw_ct, place=place) == FINAL.data


async def test_a_callback_that_the_store_refuses_fails_alone(store: Store) -> None:
    # 18,000 random hex digits fit no index row.
    endless = callback(payload(1, biz_no=secrets.token_hex(9000)))
    _, good = await asyncio.gather(
        store.record(endless), store.record(callback(payload(2))), return_exceptions=True
    )
    assert not isinstance(good, BaseException)
    assert good.to_settle


async def test_a_callback_sealed_under_a_lost_key_fails_alone(store: Store, engine: AsyncEngine) -> None:
    await Store(engine, KeyRing([b"lost" * 8])).record(callback(payload(2)))
    good, bad = await asyncio.gather(
        store.record(callback(payload(1))),
        store.record(callback(payload(2, biz_no="order-2"))),
        return_exceptions=True,
    )
    assert not isinstance(good, BaseException)
    assert good.to_settle
    assert type(bad).__name__ == "BrokenSeal"


async def test_the_timeline_says_what_came_without_identity(store: Store) -> None:
    recorded = await store.record(callback(kind=CallbackKind.RETURN, secret_index=1))
    [event] = await store.lookups.timeline(recorded.verification_id)
    assert event.detail == {"kind": "return", "status": "OK", "secret_index": 1}


async def test_the_database_never_holds_an_identity_in_the_open(store: Store, engine: AsyncEngine) -> None:
    tree = put(passing_payload(), "idcard_info.front_side.ocr_result.address", "金丝雀路1号")
    recorded = await store.record(callback(tree))
    await store.decide(recorded, tree=tree)
    await store.dead_letters.keep(callback(b"[1]"), reason="malformed_payload", detail="", now=NOW)
    await store.dead_letters.keep(callback(tree), reason="processing_failed", detail="", now=NOW)
    assert traces(await dump_database(engine)) == []
    assert traces(await dump_database(engine), "金丝雀路1号") == []
    await store.record(callback(payload(3, biz_no="欧阳金丝雀")))
    assert traces(await dump_database(engine)), "the check would notice"


async def test_a_number_for_a_text_is_stored_as_text(store: Store) -> None:
    tree = payload() | {"biz_info": {"biz_id": biz_id(), "biz_no": 20160503}}
    await store.record(callback(json.dumps(tree).encode()))
    record = await store.find()
    assert record is not None
    assert record.biz_no == "20160503"
