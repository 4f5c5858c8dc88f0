"""What was left is taken up again: batches without a job, callbacks that kill, verifications that are due."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.envelope import KeyRing
from adapters.inbox import PENDING, STARTS, RedisInbox
from domain.model import AcceptedCallback
from tests.adapters.builders import LEASE, NOW, callback, payload
from tests.workers.conftest import TIMED_OUT, Jobs, answered, refused
from workers.callbacks import process_batch
from workers.context import WorkerContext
from workers.sweeping import BURY_AFTER, SPLIT_AFTER, settle_due, sweep_inbox


async def put_stale(jobs: Jobs, *taken: AcceptedCallback, attempts: int = 0) -> None:
    """A batch b1 that nobody has touched for a day, swept so many times before."""
    await jobs.inbox.put("b1", taken)
    await rest(jobs)
    if attempts:
        await jobs.redis.hset(STARTS, "b1", str(attempts + 1))  # type: ignore[misc]


async def rest(jobs: Jobs) -> None:
    """Let everything in the inbox rest for a day."""
    for batch_id in await pending(jobs):
        await jobs.redis.zadd(PENDING, {batch_id: 1})


async def pending(jobs: Jobs) -> list[str]:
    return sorted(each.decode() for each in await jobs.redis.zrange(PENDING, 0, -1))


async def job_ids(jobs: Jobs) -> list[str]:
    return sorted(key.decode().removeprefix("arq:job:batch:") for key in await jobs.redis.keys("arq:job:*"))


async def test_a_touched_batch_is_left_alone(jobs: Jobs) -> None:
    await jobs.inbox.put("b1", [callback()])
    await sweep_inbox(jobs.context)
    assert await job_ids(jobs) == []


async def test_a_stale_batch_gets_a_job_of_its_own_each_time(jobs: Jobs) -> None:
    await put_stale(jobs, callback(), callback(payload(2)))
    for _ in range(SPLIT_AFTER):
        await jobs.inbox.start("b1")
        await rest(jobs)
        await sweep_inbox(jobs.context)
    assert await job_ids(jobs) == ["b1:1", "b1:2", "b1:3"]
    assert await pending(jobs) == ["b1"]


async def test_a_batch_that_only_waits_long_is_never_suspected(jobs: Jobs) -> None:
    await put_stale(jobs, callback(), callback(payload(2)))
    for _ in range(BURY_AFTER + 2):
        await sweep_inbox(jobs.context)
        await rest(jobs)
    assert await job_ids(jobs) == ["b1:0"]
    assert await pending(jobs) == ["b1"]


async def test_every_stale_batch_is_swept_however_many(jobs: Jobs) -> None:
    for number in range(130):
        await jobs.inbox.put(f"b{number}", [callback()])
    await rest(jobs)
    await sweep_inbox(jobs.context)
    assert len(await job_ids(jobs)) == 130


async def test_a_batch_that_keeps_dying_is_split_into_single_callbacks(jobs: Jobs) -> None:
    taken = [callback(payload(n)) for n in (1, 2, 3)]
    await put_stale(jobs, *taken, attempts=SPLIT_AFTER)
    await sweep_inbox(jobs.context)
    assert await pending(jobs) == ["b1-0", "b1-1", "b1-2"]
    assert await job_ids(jobs) == ["b1-0:0", "b1-1:0", "b1-2:0"]
    for index, each in enumerate(taken):
        assert await jobs.inbox.load(f"b1-{index}") == [each]


@pytest.mark.parametrize("attempts", range(SPLIT_AFTER, BURY_AFTER))
async def test_a_single_callback_is_tried_some_more(jobs: Jobs, attempts: int) -> None:
    await put_stale(jobs, callback(), attempts=attempts)
    await sweep_inbox(jobs.context)
    assert await job_ids(jobs) == [f"b1:{attempts + 1}"]
    assert await pending(jobs) == ["b1"]


async def test_a_callback_that_keeps_killing_its_worker_is_buried(jobs: Jobs) -> None:
    killer = callback()
    await put_stale(jobs, killer, attempts=BURY_AFTER)
    await sweep_inbox(jobs.context)
    assert await job_ids(jobs) == []
    assert await pending(jobs) == []
    [letter] = await jobs.store.letters("demo")
    assert letter.reason == "kills_worker"
    assert await jobs.store.opened_letter(letter.id, "demo") == killer
    assert await jobs.redis.exists(STARTS) == 0


async def test_the_others_of_a_killers_batch_are_decided(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload(2))]
    await put_stale(jobs, callback(payload(1)), callback(payload(2)), attempts=SPLIT_AFTER)
    await sweep_inbox(jobs.context)
    await process_batch(jobs.context, "b1-1")  # b1-0 kills whoever takes it
    for _ in range(BURY_AFTER + 1):
        await jobs.inbox.start("b1-0")
        await rest(jobs)
        await sweep_inbox(jobs.context)
    assert await jobs.outcome(2) == ("decided", "approved", [])
    assert [each.reason for each in await jobs.store.letters("demo")] == ["kills_worker"]
    assert await pending(jobs) == []


async def test_a_batch_that_no_key_opens_is_kept_and_holds_up_nobody(jobs: Jobs) -> None:
    foreign = RedisInbox(jobs.redis, keys=KeyRing([b"lost" * 8]))
    await foreign.put("a0", [callback()])
    await jobs.inbox.put("b1", [callback()])
    await rest(jobs)
    await jobs.redis.hset(STARTS, "a0", str(BURY_AFTER + 1))  # type: ignore[misc]
    await sweep_inbox(jobs.context)
    assert await pending(jobs) == ["a0", "b1"]
    assert await job_ids(jobs) == ["b1:0"]


async def test_without_database_nothing_is_buried(jobs: Jobs, without_database: WorkerContext) -> None:
    await put_stale(jobs, callback(), attempts=BURY_AFTER)
    with pytest.raises(OSError, match="Connect call failed"):
        await sweep_inbox(without_database)
    assert await pending(jobs) == ["b1"]
    assert await jobs.inbox.load("b1") == [callback()]


async def test_a_due_verification_is_settled(jobs: Jobs) -> None:
    jobs.vendor.answers = [answered(payload())]
    await jobs.store.record()
    await settle_due(jobs.context)
    assert await jobs.outcome() == ("received", None, []), "not due yet"
    jobs.clock.go_on(LEASE)
    await settle_due(jobs.context)
    assert await jobs.outcome() == ("decided", "approved", [])
    assert len(jobs.vendor.asked) == 1


async def test_all_that_is_due_is_settled_however_much(jobs: Jobs) -> None:
    for n in range(120):
        await jobs.store.record(callback(payload(n, status="WHATEVER")))
    jobs.clock.go_on(LEASE)
    await settle_due(jobs.context)
    assert await jobs.store.rows("SELECT count(*) FROM decisions") == [(120,)]


async def test_after_an_outage_the_vendor_is_asked_at_a_bounded_rate(jobs: Jobs) -> None:
    context = replace(jobs.context, silent_per_sweep=7)
    jobs.vendor.answers = [refused(404, "RESULT_NOT_FOUND")]
    for n in range(20):
        await jobs.store.register(n, expires_in=timedelta(0))
    await jobs.store.record(callback(payload(99, status="WHATEVER")))
    jobs.clock.go_on(timedelta(hours=1))
    for asked in (7, 14, 20, 20):
        await settle_due(context)
        assert len(jobs.vendor.asked) == asked
        assert (await jobs.outcome(99))[0] == "decided", "whose callback is there never waits behind them"


async def test_one_that_cannot_be_settled_holds_up_nobody(jobs: Jobs) -> None:
    await jobs.store.record(callback(payload(1), app_id="gone"))
    await jobs.store.record(callback(payload(2, status="WHATEVER")))
    jobs.clock.go_on(LEASE)
    await settle_due(jobs.context)
    assert (await jobs.outcome(2))[0] == "decided"
    record = await jobs.store.find(1, app_id="gone")
    assert record is not None
    assert record.state == "received"


async def test_the_answer_is_judged_by_the_first_callback(jobs: Jobs) -> None:
    jobs.vendor.answers = [TIMED_OUT, answered(payload())]
    await jobs.store.record()
    await jobs.store.record(callback(payload(biz_no="order-2") | {"status": "CANCELLED"}))
    for minutes in (2, 5):
        jobs.clock.now = NOW + timedelta(minutes=minutes)
        await settle_due(jobs.context)
    assert await jobs.outcome() == ("decided", "approved", [])
