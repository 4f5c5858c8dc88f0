"""Due verifications are claimed under a lease, by one worker each, with what it takes to settle them."""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from adapters.envelope import KeyRing
from adapters.store.due import PgDueVerifications
from domain.model import State
from domain.records import DueVerification
from tests.adapters.builders import LEASE, NOW, Store, biz_id, callback, payload

DUE = NOW + LEASE


async def claim(store: Store, *, now: timedelta = LEASE, limit: int = 100) -> list[DueVerification]:
    return await store.due.claim(now=NOW + now, lease=LEASE, limit=limit)


async def test_nothing_is_due_before_its_time(store: Store) -> None:
    await store.record()
    assert await claim(store, now=LEASE - timedelta(seconds=1)) == []
    assert len(await claim(store)) == 1


async def test_a_claim_brings_the_callback_and_its_key(store: Store) -> None:
    recorded = await store.record()
    assert await claim(store) == [
        DueVerification(
            verification_id=recorded.verification_id,
            app_id="demo",
            biz_id=biz_id(),
            data_key=recorded.data_key,
            fence=recorded.fence + 1,
            state=State.RECEIVED,
            data=callback().data,
            ended_at=NOW,
        )
    ]


async def test_of_several_callbacks_the_first_final_one_is_brought(store: Store) -> None:
    first = callback(payload(biz_no="first"))
    for each in (callback(payload(status="PROCESSING")), first, callback(payload(biz_no="second"))):
        await store.record(each)
    [claimed] = await claim(store)
    assert claimed.data == first.data


async def test_a_claimed_verification_rests_for_the_lease(store: Store) -> None:
    await store.record()
    assert len(await claim(store)) == 1
    assert await claim(store) == []
    assert await claim(store, now=2 * LEASE - timedelta(seconds=1)) == []
    assert len(await claim(store, now=2 * LEASE)) == 1


async def test_several_workers_share_the_work_without_overlap(store: Store) -> None:
    recorded = await asyncio.gather(*(store.record(callback(payload(n))) for n in range(40)))
    workers = [PgDueVerifications(store.engine, keys=store.keys) for _ in range(6)]
    shares = await asyncio.gather(*(each.claim(now=DUE, lease=LEASE, limit=10) for each in workers))
    claimed = [item.verification_id for share in shares for item in share]
    claimed += [item.verification_id for item in await claim(store)]
    assert len(claimed) == 40
    assert set(claimed) == {each.verification_id for each in recorded}


async def test_the_longest_due_come_first(store: Store) -> None:
    for n, minutes in ((1, 3), (2, 1), (3, 2)):
        await store.record(callback(payload(n), received_at=NOW + timedelta(minutes=minutes)))
    claimed = await claim(store, now=timedelta(hours=1), limit=2)
    assert {item.ended_at for item in claimed} == {NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)}


async def test_what_is_decided_or_open_is_not_claimed(store: Store) -> None:
    await store.decide(await store.record(callback(payload(1))))
    await store.record(callback(payload(2, status="PROCESSING")))
    assert await claim(store, now=timedelta(days=9)) == []


async def test_a_postponed_verification_rests_until_then(store: Store) -> None:
    recorded = await store.record()
    until = DUE + timedelta(minutes=5)
    await store.due.postpone(recorded.verification_id, fence=recorded.fence, until=until)
    assert await claim(store, now=LEASE + timedelta(minutes=4)) == []
    assert len(await claim(store, now=LEASE + timedelta(minutes=5))) == 1


async def test_a_decided_verification_cannot_be_postponed(store: Store) -> None:
    recorded = await store.record()
    await store.decide(recorded)
    await store.due.postpone(recorded.verification_id, fence=recorded.fence, until=NOW)
    assert await store.rows("SELECT due_at FROM verifications") == [(None,)]


async def test_a_verification_that_no_key_opens_holds_up_nobody(store: Store) -> None:
    await Store(store.engine, KeyRing([b"lost" * 8])).record(callback(payload(1)))
    good = await store.record(callback(payload(2)))
    assert [item.verification_id for item in await claim(store)] == [good.verification_id]


async def test_one_verification_is_claimed_when_it_is_due_and_by_one(store: Store) -> None:
    recorded = await store.record()
    early = await store.due.claim_one(recorded.verification_id, now=NOW, lease=LEASE)
    claims = [store.due.claim_one(recorded.verification_id, now=DUE, lease=LEASE) for _ in range(8)]
    claimed = [each for each in await asyncio.gather(*claims) if each is not None]
    assert early is None
    assert [each.fence for each in claimed] == [recorded.fence + 1]


async def test_whoever_lost_the_lease_postpones_and_notes_nothing(store: Store) -> None:
    recorded = await store.record()
    await claim(store)
    await store.due.postpone(recorded.verification_id, fence=recorded.fence, until=None)
    await store.due.expire(recorded.verification_id, fence=recorded.fence)
    await store.due.note(recorded.verification_id, fence=recorded.fence, event="result.obtained", detail={})
    assert await store.rows("SELECT due_at, state FROM verifications") == [(DUE + LEASE, "received")]
    assert await store.events(recorded.verification_id) == ["callback.received"]


async def test_silent_ones_are_claimed_apart_from_those_with_something_to_settle(store: Store) -> None:
    await store.record(callback(payload(1)))
    silent, asked = [await store.register(n, expires_in=timedelta(0)) for n in (2, 3)]
    async with store.engine.begin() as connection:
        await connection.execute(
            text("UPDATE verifications SET asked_at = :now WHERE id = :id"), {"now": NOW, "id": asked}
        )
    later = NOW + timedelta(hours=1)
    heard = await store.due.claim(now=later, lease=LEASE)
    assert {item.biz_id for item in heard} == {biz_id(1), biz_id(3)}
    [unheard] = await store.due.claim(now=later, lease=LEASE, silent=True)
    assert unheard.verification_id == silent
