"""Due verifications are claimed under a lease, each by one worker, with everything needed to advance them."""

import asyncio
from datetime import timedelta

import msgspec

from domain.apps.registration import Registration
from domain.model import State, verification_id
from domain.verifications.records import DueVerification
from tests.support.storage.actors import A_ROW
from tests.support.storage.stores import LEASE, NOW, biz_id, callback, is_same_key, payload
from tests.usecases.ports.stores import PortsOfStore

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


async def test_nothing_is_due_before_its_time(store: PortsOfStore) -> None:
    await store.record()
    assert await store.claim(after=LEASE - SECOND) == []
    assert len(await store.claim()) == 1


async def test_a_claim_returns_the_callback_and_its_key(store: PortsOfStore) -> None:
    recorded = await store.record()
    [claimed] = await store.claim()
    assert is_same_key(claimed.lease.key, recorded.lease.key)
    lease = msgspec.structs.replace(recorded.lease, fence=recorded.lease.fence + 1, key=claimed.lease.key)
    assert claimed == DueVerification(
        lease=lease,
        biz_id=biz_id(),
        state=State.RECEIVED,
        data=callback().data,
        ended_at=NOW,
        has_calls=False,
    )


async def test_a_claim_says_whether_a_call_was_ever_reserved(store: PortsOfStore) -> None:
    recorded, _ = await store.record(), await store.record(callback(payload(2)))
    assert await store.ledger.reserve(recorded.lease, 1, now=NOW)
    claimed = await store.claim()
    assert {item.biz_id: item.has_calls for item in claimed} == {biz_id(): True, biz_id(2): False}


async def test_of_several_callbacks_the_first_final_one_is_returned(store: PortsOfStore) -> None:
    first = callback(payload(biz_no="first"))
    for each in (callback(payload(status="PROCESSING")), first, callback(payload(biz_no="second"))):
        await store.record(each)
    [claimed] = await store.claim()
    assert claimed.data == first.data


async def test_a_claimed_verification_rests_for_the_lease(store: PortsOfStore) -> None:
    await store.record()
    assert len(await store.claim()) == 1
    assert await store.claim() == []
    assert await store.claim(after=2 * LEASE - SECOND) == []
    assert len(await store.claim(after=2 * LEASE)) == 1


async def test_several_workers_share_the_work_without_overlap(store: PortsOfStore) -> None:
    recorded = await asyncio.gather(*(store.record(callback(payload(n))) for n in range(40)))
    shares = await asyncio.gather(*(store.another().claim(limit=10) for _ in range(6)))
    claimed = [item.verification_id for share in shares for item in share]
    claimed += [item.verification_id for item in await store.claim()]
    assert len(claimed) == 40
    assert set(claimed) == {each.verification_id for each in recorded}


async def test_the_longest_due_come_first(store: PortsOfStore) -> None:
    for n, minutes in ((1, 3), (2, 1), (3, 2)):
        await store.record(callback(payload(n), received_at=NOW + minutes * MINUTE))
    claimed = await store.claim(after=timedelta(hours=1), limit=2)
    assert {item.ended_at for item in claimed} == {NOW + MINUTE, NOW + 2 * MINUTE}


async def test_decided_and_open_verifications_are_not_claimed(store: PortsOfStore) -> None:
    await store.decide(await store.record(callback(payload(1))))
    await store.record(callback(payload(2, status="PROCESSING")))
    assert await store.claim(after=timedelta(days=9)) == []


async def test_a_postponed_verification_rests_until_then(store: PortsOfStore) -> None:
    recorded = await store.record()
    until = NOW + LEASE + 5 * MINUTE
    await store.due.postpone(recorded.lease, until=until)
    assert await store.claim(after=LEASE + 4 * MINUTE) == []
    assert len(await store.claim(after=LEASE + 5 * MINUTE)) == 1


async def test_a_decided_verification_cannot_be_postponed(store: PortsOfStore) -> None:
    recorded = await store.record()
    await store.decide(recorded)
    await store.due.postpone(recorded.lease, until=NOW)
    assert (await store.stored_state()).due_at is None


async def test_one_verification_is_claimed_when_it_is_due_and_by_one(store: PortsOfStore) -> None:
    recorded = await store.record()
    key, due = recorded.verification_id, NOW + LEASE
    assert await store.due.claim_one(key, ["demo"], now=NOW, lease=LEASE) is None
    assert await store.due.claim_one(key, ["other"], now=due, lease=LEASE) is None
    claims = (store.another().due.claim_one(key, ["demo"], now=due, lease=LEASE) for _ in range(8))
    claimed = [each for each in await asyncio.gather(*claims) if each is not None]
    assert [each.lease.fence for each in claimed] == [recorded.lease.fence + 1]


async def test_a_worker_without_the_lease_postpones_and_notes_nothing(store: PortsOfStore) -> None:
    recorded = await store.record()
    await store.claim()
    await store.due.postpone(recorded.lease, until=NOW)
    await store.due.expire(recorded.lease)
    await store.due.note(recorded.lease, event="result.obtained", detail={})
    stored = await store.stored_state()
    assert (stored.due_at, stored.state) == (NOW + 2 * LEASE, "received")
    assert await store.events() == ["callback.received"]


async def test_only_verifications_without_a_final_callback_expire(store: PortsOfStore) -> None:
    final, opened = await store.record(), await store.record(callback(payload(2, status="PROCESSING")))
    for each in (final, opened):
        await store.due.expire(each.lease)
    assert (await store.stored_state(1)).state == "received"
    assert (await store.stored_state(2)).state == "expired"
    assert await store.events(2) == ["callback.received", "verification.expired"]


async def test_the_result_of_a_pull_after_the_decision_is_on_the_timeline(store: PortsOfStore) -> None:
    recorded = await store.record()
    await store.due.note(
        recorded.lease,
        event="result.obtained",
        detail={"outcome": "approved"},
    )
    assert (await store.stored_state()).due_at is None
    assert await store.events() == ["callback.received", "result.obtained"]


async def test_silent_ones_are_claimed_apart_from_those_with_something_to_advance(
    store: PortsOfStore,
) -> None:
    await store.record(callback(payload(1)))
    for n in (2, 3):
        await store.register(Registration("order-1", NOW, NOW), n=n)
    await store.pull_requests.ask(verification_id("demo", biz_id(3)), now=NOW + MINUTE, by="x", audit=A_ROW)
    heard = await store.claim(after=timedelta(hours=1))
    assert {item.biz_id for item in heard} == {biz_id(1), biz_id(3)}
    assert [item.biz_id for item in await store.claim(after=timedelta(hours=1), silent=True)] == [biz_id(2)]


async def test_a_request_about_an_expired_verification_is_answered(store: PortsOfStore) -> None:
    await store.register(Registration("order-1", NOW, NOW))
    for _ in range(2):
        await store.pull_requests.ask(verification_id("demo", biz_id()), now=NOW, by="x", audit=A_ROW)
        [due] = await store.claim()
        await store.due.expire(due.lease)
        stored = await store.stored_state()
        assert (stored.state, stored.due_at) == ("expired", None)
