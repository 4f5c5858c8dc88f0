"""Callbacks are recorded once each, in whatever groups, order and number of processes they come."""

import asyncio
import copy
import json
from datetime import timedelta

import pytest

from domain.model import AcceptedCallback, CallbackKind, Outcome, verification_id
from domain.pulls.budget import RESULT_KEPT
from tests.support.payloads.callbacks import put
from tests.support.storage.stores import LEASE, NOW, Json, biz_id, callback, is_same_key, payload
from tests.usecases.ports.stores import PortsOfStore

OPEN = callback(payload(status="PROCESSING"))
FINAL = callback()
OTHER_FINAL = callback(payload(biz_no="order-2"), kind=CallbackKind.RETURN)


async def test_the_first_final_callback_is_to_be_advanced(store: PortsOfStore) -> None:
    recorded = await store.record(FINAL)
    assert recorded.verification_id == verification_id("demo", biz_id())
    assert (recorded.is_new, recorded.to_advance, recorded.registration) == (True, True, None)
    stored = await store.stored_state()
    assert (stored.state, stored.vendor_status, stored.biz_no) == ("received", "OK", "order-1")
    assert (stored.received_at, stored.ended_at, stored.due_at) == (NOW, NOW, NOW + LEASE)
    assert (stored.outcome, stored.fence) == (None, recorded.lease.fence)
    assert await store.events() == ["callback.received"]


async def test_a_duplicate_is_counted_and_changes_nothing(store: PortsOfStore) -> None:
    first = await store.record(FINAL)
    before = await store.stored_state()
    again = await store.record(callback(received_at=NOW + timedelta(hours=1), secret_index=1))
    assert (again.is_new, again.to_advance) == (False, False)
    assert is_same_key(again.lease.key, first.lease.key)
    assert await store.stored_state() == before
    assert await store.seen() == [2]
    assert await store.events() == ["callback.received"]


async def test_duplicates_at_once_are_advanced_once(store: PortsOfStore) -> None:
    ends = await asyncio.gather(*(store.record(FINAL) for _ in range(30)))
    assert sum(end.is_new for end in ends) == 1
    assert sum(end.to_advance for end in ends) == 1
    assert all(is_same_key(end.lease.key, ends[0].lease.key) for end in ends)
    assert await store.seen() == [30]


async def test_several_processes_at_once_record_once(store: PortsOfStore) -> None:
    processes = [store.another() for _ in range(4)]
    taken = [callback(payload(n)) for n in range(40)]
    ends = await asyncio.gather(
        *(
            process.record(each)
            for turn, process in enumerate(processes)
            for each in (taken if turn % 2 else reversed(taken))
        )
    )
    for n in range(40):
        mine = [end for end in ends if end.verification_id == verification_id("demo", biz_id(n))]
        assert [end.to_advance for end in mine].count(True) == 1
        assert all(is_same_key(end.lease.key, mine[0].lease.key) for end in mine)
        assert await store.events(n) == ["callback.received"]
    assert await store.seen() == [4] * 40


async def test_a_second_final_callback_is_a_conflict_and_advances_nothing(store: PortsOfStore) -> None:
    first = await store.record(FINAL)
    second = await store.record(OTHER_FINAL)
    assert (second.is_new, second.to_advance, second.lease.fence) == (True, False, first.lease.fence)
    assert await store.events() == ["callback.received", "callback.conflict"]
    assert (await store.stored_state()).biz_no == "order-1", "the first one is kept"


def _in_other_bytes(tree: Json) -> list[AcceptedCallback]:
    """The same content as a second try, another library or another language would send it."""
    as_text = put(copy.deepcopy(tree), "verify_result.result_faceid.confidence", "91.327")
    others = [
        dict(reversed(tree.items())),
        tree | {"request_id": "1700000000,abc", "time_used": 7},
        tree | {"multifaces_tag": 0, "images": None},
        as_text | {"idcard_mode": {"a": 1}},
    ]
    return [callback(json.dumps(other, ensure_ascii=False, indent=1).encode()) for other in others]


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one after the other"])
async def test_the_same_content_in_other_bytes_is_no_conflict(store: PortsOfStore, at_once: bool) -> None:
    again = _in_other_bytes(payload())
    if at_once:
        await asyncio.gather(*map(store.record, [FINAL, *again]))
    else:
        for each in (FINAL, *again):
            await store.record(each)
    assert await store.events() == ["callback.received"] * (1 + len(again))
    assert await store.seen() == [1] * (1 + len(again))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("verify_result.result_faceid.confidence", 91.328),
        ("idcard_info.idcard_name", "another"),
        ("biz_info.biz_no", None),
        ("liveness_result.result", "FAIL"),
        ("status", "FAILED"),
    ],
)
async def test_other_content_is_a_conflict_whichever_callback_is_decided_on(
    store: PortsOfStore, path: str, value: object
) -> None:
    other = callback(put(payload(), path, value))
    for each in (FINAL, other, *_in_other_bytes(payload())):
        await store.record(each)
    assert sorted(await store.events()) == ["callback.conflict", *["callback.received"] * 5]


async def test_of_two_different_final_callbacks_at_once_one_is_advanced(store: PortsOfStore) -> None:
    ends = await asyncio.gather(store.record(FINAL), store.record(OTHER_FINAL))
    assert [end.to_advance for end in ends] == [True, False]
    assert sorted(await store.events()) == ["callback.conflict", "callback.received"]


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one after the other"])
@pytest.mark.parametrize("taken", [[OPEN, FINAL], [FINAL, OPEN]], ids=["open first", "final first"])
async def test_an_open_callback_never_replaces_the_final_one(
    store: PortsOfStore, at_once: bool, taken: list[AcceptedCallback]
) -> None:
    if at_once:
        ends = await asyncio.gather(*map(store.record, taken))
    else:
        ends = [await store.record(each) for each in taken]
    assert [end.to_advance for end in ends] == [each is FINAL for each in taken]
    assert (await store.stored_state()).vendor_status == "OK"
    assert await store.events() == ["callback.received"] * 2


async def test_an_open_callback_alone_is_due_when_the_vendors_day_is_over(store: PortsOfStore) -> None:
    recorded = await store.record(OPEN)
    assert (recorded.is_new, recorded.to_advance) == (True, False)
    stored = await store.stored_state()
    assert (stored.state, stored.due_at, stored.ended_at) == (
        "received",
        NOW + RESULT_KEPT,
        None,
    )


async def test_a_late_callback_does_not_reopen_a_decided_verification(store: PortsOfStore) -> None:
    await store.decide(await store.record(FINAL), outcome=Outcome.APPROVED)
    late = await store.record(OTHER_FINAL)
    assert not late.to_advance
    stored = await store.stored_state()
    assert (stored.state, stored.outcome, stored.due_at) == ("decided", "approved", None)


async def test_the_same_biz_id_of_two_apps_is_two_verifications(store: PortsOfStore) -> None:
    ends = await asyncio.gather(store.record(FINAL), store.record(callback(app_id="other")))
    assert all(end.to_advance for end in ends)
    assert ends[0].verification_id != ends[1].verification_id
    assert not is_same_key(ends[0].lease.key, ends[1].lease.key)


async def test_a_held_verification_is_neither_advanced_nor_due(store: PortsOfStore) -> None:
    for taken in (OPEN, FINAL):
        assert not (await store.record(taken, awaits_registration=True)).to_advance
    assert (await store.stored_state()).held
    assert await store.claim(after=timedelta(days=1)) == []
    assert await store.events() == ["callback.held"] * 2


async def test_a_callback_after_the_expiry_is_advanced_all_the_same(store: PortsOfStore) -> None:
    opened = await store.record(OPEN)
    await store.due.expire(opened.lease)
    assert (await store.stored_state()).state == "expired"
    assert (await store.record(FINAL)).to_advance
    assert (await store.stored_state()).state == "received"


async def test_a_callback_after_the_decision_does_not_hold_it(store: PortsOfStore) -> None:
    await store.decide(await store.record(FINAL))
    await store.record(OTHER_FINAL, awaits_registration=True)
    stored = await store.stored_state()
    assert (stored.state, stored.held) == ("decided", False)


async def test_an_open_callback_after_the_expiry_changes_nothing(store: PortsOfStore) -> None:
    opened = await store.record(OPEN)
    await store.due.expire(opened.lease)
    late = await store.record(callback(payload(status="NOT_STARTED")))
    assert (late.is_new, late.to_advance) == (True, False)
    assert (await store.stored_state()).state == "expired"


async def test_the_first_final_callback_takes_the_lease(store: PortsOfStore) -> None:
    opened = await store.record(OPEN)
    final = await store.record(FINAL)
    assert final.lease.fence == opened.lease.fence + 1
    assert not await store.reserve(opened, 1)
    assert not await store.decide(opened)
    assert await store.decide(final)
