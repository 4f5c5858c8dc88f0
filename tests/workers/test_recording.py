"""What waits in the inbox is recorded in groups, whatever is away, slow or full."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import pytest

from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import WAKE_UP_SCORE
from adapters.postgres.sqlstate import DatabaseAway
from adapters.redis.client import RedisAway
from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.batch_ids import new_batch_id
from adapters.sealing.envelope import KeyRing
from devstack.waiting import until
from domain.errors import kind_of_error
from domain.model import AcceptedCallback
from tests.support.storage.stores import callback, payload
from tests.support.workers.jobs import Jobs, answered, decisions, in_inbox, put, quick
from usecases.batches import process_batches
from usecases.batches.record_callbacks import GroupRecorded, record_group
from usecases.context import WorkerContext

AWAY = [RedisAway("ConnectionError"), DatabaseAway("ConnectionError")]


async def test_many_batches_are_one_group(jobs: Jobs) -> None:
    for n in range(40):
        await jobs.inbox.hand_over(new_batch_id(1), [quick(n)])
    loops = jobs.loops()
    assert await loops.recording.record_some() == 0
    await loops.advancing.idle()
    assert (await decisions(jobs), await in_inbox(jobs)) == (40, [])
    assert jobs.context.worker_stats.batches == 40


async def test_a_backlog_is_worked_off_in_bounded_groups(jobs: Jobs) -> None:
    for n in range(10):
        await jobs.inbox.hand_over(new_batch_id(30), [quick(n)] * 30)
    loops = jobs.loops()
    left, behind = [], []
    for _ in range(3):
        left.append(await loops.recording.record_some())
        behind.append(loops.recording.is_behind)
    assert left == [6, 2, 0], "four batches of thirty are a group"
    assert behind == [True, True, False]
    await loops.advancing.idle()
    assert await decisions(jobs) == 10


async def test_while_much_waits_another_worker_is_called(jobs: Jobs) -> None:
    for n in range(10):
        await jobs.inbox.hand_over(new_batch_id(30), [quick(n)] * 30)
    await jobs.redis.delete(DEFAULT_NAMES.queue)
    await jobs.loops().recording.record_some()
    [(_, score)] = await jobs.redis.zrange(DEFAULT_NAMES.queue, 0, -1, withscores=True)
    assert score == WAKE_UP_SCORE


async def test_recording_does_not_wait_for_the_vendor(jobs: Jobs) -> None:
    gate = asyncio.Event()
    jobs.vendor.before = gate.wait
    jobs.vendor.answers = [answered(payload(n)) for n in range(3)]
    loops = jobs.loops()
    for n in range(3):
        await jobs.inbox.hand_over(f"b{n}", [callback(payload(n))])
        await loops.recording.record_some()
    assert await in_inbox(jobs) == []
    assert await decisions(jobs) == 0
    gate.set()
    await loops.advancing.idle()
    assert await decisions(jobs) == 3


async def test_a_batch_that_no_key_decrypts_is_set_aside_once_and_delays_no_other(jobs: Jobs) -> None:
    foreign = RedisInbox(jobs.redis, keys=KeyRing([b"lost" * 8]))
    await foreign.hand_over("a0", [callback()])
    await put(jobs, quick(1))
    await jobs.work()
    assert await decisions(jobs) == 1
    assert await jobs.redis.zrange(DEFAULT_NAMES.unreadable, 0, -1) == [b"a0"]
    assert await jobs.redis.exists("faceid:inbox:a0") == 1
    await jobs.lapse()
    assert (await jobs.inbox.claim(lease=jobs.context.lease)).batches == []


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_while_a_server_is_away_the_batch_rests_and_is_not_suspected(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    await put(jobs, quick(1))
    with monkeypatch.context() as outage:
        outage.setattr(jobs.context.recorder, "record_all", ends_with(error))
        assert not await jobs.loops().recording.drain()
    await jobs.work()
    assert await decisions(jobs) == 0, "it rests for some seconds"
    await jobs.lapse()
    [batch] = (await jobs.inbox.claim(lease=jobs.context.lease)).batches
    assert batch.starts == 0
    assert jobs.context.worker_stats.last_error == kind_of_error(error)


async def test_a_defect_of_ours_ends_nothing_and_the_batch_comes_back(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(jobs, quick(1))
    with monkeypatch.context() as broken:
        broken.setattr(process_batches, "record_group", raiser(RuntimeError("x")))
        assert not await jobs.loops().recording.drain()
    await jobs.lapse()
    await jobs.work()
    assert await decisions(jobs) == 1


async def test_a_group_that_takes_too_long_is_abandoned_and_claimed_again(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    await put(jobs, quick(1))
    with monkeypatch.context() as slow:
        slow.setattr(process_batches, "record_group", hang)
        slow.setattr(process_batches, "_GROUP_TIMEOUT", 0.05)
        assert not await jobs.loops().recording.drain()
    await jobs.lapse()
    assert await jobs.redis.exists(DEFAULT_NAMES.starts) == 0, "nobody was killed"
    await jobs.work()
    assert await decisions(jobs) == 1


async def test_recorded_batches_are_deleted_although_redis_failed_in_between(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(jobs, quick(1))
    recording = jobs.loops().recording
    with monkeypatch.context() as outage:
        outage.setattr(jobs.inbox, "finish", raiser(RedisAway("ConnectionError")))
        assert not await recording.drain()
    assert await in_inbox(jobs) == ["b1"]
    assert await recording.drain()
    assert await in_inbox(jobs) == []
    assert await jobs.store.rows("SELECT seen FROM callbacks") == [(1,)], "not recorded twice"


async def test_it_runs_when_woken_and_continues_after_a_failure(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = jobs.loops()
    running = asyncio.create_task(loops.recording.run())
    with monkeypatch.context() as outage:
        outage.setattr(jobs.inbox, "claim", raiser(RedisAway("ConnectionError")))
        await put(jobs, quick(1))
        loops.recording.wake()
        await asyncio.sleep(0.3)

    async def decided() -> bool:
        return await decisions(jobs) == 1

    await until(decided)
    loops.recording.stop()
    await asyncio.wait_for(running, 5)
    await put(jobs, quick(2), batch_id="b2")
    assert await in_inbox(jobs) == ["b2"]


async def test_stopping_amid_a_backlog_leaves_no_batch_that_looks_started(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(10):
        await jobs.inbox.hand_over(new_batch_id(30), [quick(n)] * 30)
    recording = jobs.loops().recording

    async def record_and_be_stopped(
        context: WorkerContext, taken: Sequence[AcceptedCallback], *, room: Mapping[str, int]
    ) -> GroupRecorded:
        recording.stop()
        return await record_group(context, taken, room=room)

    monkeypatch.setattr(process_batches, "record_group", record_and_be_stopped)
    await recording.run()
    assert len(await in_inbox(jobs)) == 6
    assert await jobs.redis.exists(DEFAULT_NAMES.claimed, DEFAULT_NAMES.starts) == 0


async def test_a_backlog_is_worked_off_although_redis_is_full(
    jobs: Jobs, without_database: WorkerContext
) -> None:
    """Lowered by hand, or filled by others: it takes nothing more until something is removed."""
    for n in range(10):
        await jobs.inbox.hand_over(new_batch_id(30), [quick(n)] * 30)
    await jobs.redis.config_set("maxmemory", 1)
    try:
        assert not await jobs.loops(without_database).recording.drain()
        assert await jobs.redis.exists(DEFAULT_NAMES.starts) == 0, "postponed, not suspected"
        loops = jobs.loops()
        assert await loops.recording.drain()
    finally:
        await jobs.redis.config_set("maxmemory", 0)
    await loops.advancing.idle()
    await jobs.lapse()
    await jobs.work()
    assert await decisions(jobs) == 10


def ends_with(error: Exception) -> Callable[..., object]:
    async def end(decoded: list[object], **_: object) -> list[BaseException]:
        return [error] * len(decoded)

    return end


def raiser(error: Exception) -> Callable[..., object]:
    async def fail(*_: object, **__: object) -> None:
        raise error

    return fail


async def test_a_bug_in_a_background_task_does_not_stop_recording(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(**_: object) -> int:
        raise ValueError("a script of tomorrow")

    monkeypatch.setattr(jobs.context.inbox, "take_back", fail)
    await put(jobs, quick(1))
    loops = jobs.loops()
    running = asyncio.create_task(loops.recording.run())

    async def is_recorded() -> bool:
        return await in_inbox(jobs) == []

    await until(is_recorded)
    loops.recording.stop()
    await running
