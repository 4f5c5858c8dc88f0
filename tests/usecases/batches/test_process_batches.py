"""A callback that kills its worker is split from its batch and becomes a dead letter, alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.postgres.sqlstate import DatabaseAway
from adapters.redis.names import DEFAULT_NAMES
from adapters.tasks.background import end_tasks
from devstack.waiting import until
from domain.model import AcceptedCallback
from tests.support.storage.stores import callback
from tests.support.workers.batches import stored_batches
from tests.support.workers.jobs import Jobs, WorkerDied, decisions, in_inbox, put, quick
from usecases.batches import process_batches
from usecases.batches.process_batches import DEAD_LETTER_AFTER, SPLIT_AFTER
from usecases.batches.record_callbacks import GroupRecorded, record_group
from usecases.context import WorkerContext


async def test_a_batch_whose_worker_died_is_recorded_again(jobs: Jobs) -> None:
    await put(jobs, quick(1))
    await jobs.inbox.claim(lease=jobs.context.lease)
    await jobs.work()
    assert await decisions(jobs) == 0
    await jobs.lapse()
    await jobs.work()
    assert (await decisions(jobs), await in_inbox(jobs)) == (1, [])


async def test_a_batch_that_only_waits_long_is_never_suspected(jobs: Jobs) -> None:
    await put(jobs, quick(1), quick(2))
    await jobs.redis.zadd(DEFAULT_NAMES.pending, {"b1": 1})
    [batch] = (await jobs.inbox.claim(lease=jobs.context.lease)).batches
    assert batch.starts == 0


@pytest.mark.parametrize("starts", range(1, SPLIT_AFTER + 1))
async def test_a_batch_that_was_begun_before_is_tried_whole(jobs: Jobs, starts: int) -> None:
    await put(jobs, quick(1), quick(2), starts=starts)
    await jobs.work()
    assert (await decisions(jobs), await in_inbox(jobs)) == (2, [])


async def test_a_batch_that_keeps_dying_is_split_into_single_callbacks(jobs: Jobs) -> None:
    await put(jobs, *map(quick, range(3)), starts=SPLIT_AFTER + 1)
    await jobs.loops().recording.record_some()
    assert await in_inbox(jobs) == ["b1-0", "b1-1", "b1-2"]
    claims = [await jobs.inbox.claim(lease=jobs.context.lease) for _ in range(3)]
    assert [len(claim.batches) for claim in claims] == [1, 1, 1], "each alone"


@pytest.mark.parametrize("starts", range(SPLIT_AFTER + 1, DEAD_LETTER_AFTER + 1))
async def test_a_single_callback_is_tried_some_more(jobs: Jobs, starts: int) -> None:
    await put(jobs, quick(1), starts=starts)
    await jobs.work()
    assert await decisions(jobs) == 1


async def test_a_callback_that_keeps_killing_its_worker_becomes_a_dead_letter(jobs: Jobs) -> None:
    killer = callback()
    await put(jobs, killer, starts=DEAD_LETTER_AFTER + 1)
    await jobs.work()
    assert await in_inbox(jobs) == []
    [letter] = await jobs.store.letters("demo")
    assert letter.reason == "kills_worker"
    assert await jobs.store.opened_letter(letter.id, "demo") == killer
    assert await jobs.redis.exists(DEFAULT_NAMES.starts) == 0


async def test_of_a_killers_group_all_others_are_decided_and_it_alone_becomes_a_dead_letter(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The killer is in a batch with another callback, which is claimed together with more batches."""
    killer, deaths = quick(0), 0

    async def die_of_it(
        context: WorkerContext, taken: Sequence[AcceptedCallback], *, room: Mapping[str, int]
    ) -> GroupRecorded:
        if any(each.key == killer.key for each in taken):
            raise WorkerDied
        return await record_group(context, taken, room=room)

    monkeypatch.setattr(process_batches, "record_group", die_of_it)
    await put(jobs, killer, quick(1))
    for n in range(2, 6):
        await put(jobs, quick(n), batch_id=f"b{n}")
    loops = jobs.loops()
    while await in_inbox(jobs):
        try:
            await loops.recording.record_some()
        except WorkerDied:
            deaths, loops = deaths + 1, jobs.loops()
        await loops.advancing.idle()
        await jobs.lapse()
    assert deaths == SPLIT_AFTER + 1 + DEAD_LETTER_AFTER
    assert [each.reason for each in await jobs.store.letters("demo")] == ["kills_worker"]
    assert await decisions(jobs) == 5


async def test_without_database_nothing_becomes_a_dead_letter(
    jobs: Jobs, without_database: WorkerContext
) -> None:
    await put(jobs, callback(), starts=DEAD_LETTER_AFTER + 1)
    with pytest.raises(DatabaseAway, match="ConnectionRefusedError"):
        await jobs.work(without_database)
    assert await stored_batches(jobs.redis, jobs.store.keys) == {"b1": [callback()]}


async def test_a_slow_group_is_no_killer(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recording takes longer than the lease: the claim is renewed as often as it takes."""
    begun, gate, ends = asyncio.Event(), asyncio.Event(), set[float]()

    async def take_long(
        context: WorkerContext, taken: Sequence[AcceptedCallback], *, room: Mapping[str, int]
    ) -> GroupRecorded:
        begun.set()
        await gate.wait()
        return await record_group(context, taken, room=room)

    async def was_renewed_often() -> bool:
        ends.add(await jobs.redis.zscore(DEFAULT_NAMES.claimed, "b1"))
        return len(ends) > 5

    monkeypatch.setattr(process_batches, "record_group", take_long)
    await put(jobs, quick(1), quick(2))
    loops = jobs.loops(replace(jobs.context, lease=timedelta(milliseconds=60)))
    running = asyncio.create_task(loops.recording.run())
    try:
        await begun.wait()
        await until(was_renewed_often)
        assert await jobs.redis.hget(DEFAULT_NAMES.starts, "b1") == b"1"  # type: ignore[misc]
        gate.set()
        loops.recording.stop()
        await running
    finally:
        await end_tasks(running)
    await loops.advancing.idle()
    assert (await decisions(jobs), await in_inbox(jobs)) == (2, [])
