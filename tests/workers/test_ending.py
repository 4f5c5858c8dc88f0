"""A worker ends in order: what is under way ends, nothing new begins, and nothing waits for ever."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from arq.connections import ArqRedis
from arq.cron import cron
from arq.worker import Worker
from redis.asyncio import Redis

from devstack.waiting import until
from domain.limits.concurrency import FIRST_LIMIT
from domain.verifications.records import Recorded
from tests.support.storage.stores import LEASE, NOW, callback, payload
from tests.support.workers.jobs import Jobs, answered, refused
from tests.support.workers.running_workers import Workers, hand_in, stop
from workers.loop import run_workers


async def test_on_a_signal_what_is_under_way_ends_and_nothing_new_begins(
    jobs: Jobs, workers: Workers
) -> None:
    call = jobs.vendor.hold()
    jobs.vendor.answers = [answered(payload(1))]
    async with workers.running() as task:
        await jobs.inbox.hand_over("b1", [callback(payload(1))])
        await call.begun.wait()
        stop()

        async def no_more_is_picked() -> bool:
            return not workers.made[-1].allow_pick_jobs

        await until(no_more_is_picked)
        await hand_in(jobs, 2)
        assert not task.done()
        call.gate.set()
        await asyncio.wait_for(task, 10)
    assert await jobs.outcome(1) == ("decided", "approved", [])
    assert await jobs.store.find(2) is None
    assert await jobs.inbox.depth() == 1


async def test_on_a_signal_no_call_begins_and_those_under_way_are_kept(jobs: Jobs, workers: Workers) -> None:
    gate = asyncio.Event()
    jobs.vendor.before = gate.wait
    jobs.vendor.answers = [refused(403, "DATA_DESTROYED")]

    async def as_many_as_may_be() -> bool:
        return len(jobs.vendor.asked) == FIRST_LIMIT

    async with workers.running() as task:
        await jobs.inbox.hand_over("b1", [callback(payload(n)) for n in range(1, 31)])
        await until(as_many_as_may_be)
        stop()

        async def others_are_left_to_others() -> bool:
            left = "SELECT count(*) FROM verifications WHERE due_at = :now"
            return await jobs.store.rows(left, now=NOW) == [(30 - FIRST_LIMIT,)]

        await until(others_are_left_to_others)
        gate.set()
        await asyncio.wait_for(task, 10)
    assert len(jobs.vendor.asked) == FIRST_LIMIT
    assert await jobs.ledger() == [(1, "done", "DATA_DESTROYED")] * FIRST_LIMIT
    assert await jobs.store.rows("SELECT count(*) FROM decisions") == [(FIRST_LIMIT,)]


async def test_work_beyond_the_grace_is_cancelled_and_found_later(jobs: Jobs, workers: Workers) -> None:
    call = jobs.vendor.hold()
    jobs.vendor.answers = [answered(payload(1))]
    async with workers.running(grace=0.1):
        await jobs.inbox.hand_over("b1", [callback(payload(1))])
        await call.begun.wait()
    assert await jobs.outcome(1) == ("received", None, [])
    assert await jobs.due() == LEASE
    call.gate.set()  # the call itself is shielded

    async def on_the_ledger() -> bool:
        return await jobs.ledger() == [(1, "done", None)]

    await until(on_the_ledger)


async def test_recording_and_advancing_have_the_same_seconds_to_end(
    jobs: Jobs, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    called, recording, never = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer_never() -> None:
        called.set()
        await never.wait()

    async def record_never(*_args: object, **_more: object) -> list[Recorded]:
        recording.set()
        await never.wait()
        return []

    jobs.vendor.before = answer_never
    jobs.vendor.answers = [answered(payload(1))]
    async with workers.running(grace=2) as task:
        await jobs.inbox.hand_over("b1", [callback(payload(1))])
        await called.wait()
        monkeypatch.setattr(jobs.context.recorder, "record_all", record_never)
        await jobs.inbox.hand_over("b2", [callback(payload(2))])
        await recording.wait()
        began = time.monotonic()
        stop()
        await task
    never.set()
    # The grace of both, and the last moment of a call whose caller is gone.
    assert time.monotonic() - began < 2 + 1 + 1


class SlowToLeave:
    """A pipeline whose first user ends at once when it is cancelled, and whose second one needs a moment."""

    def __init__(self) -> None:
        self.entered = self.left = 0
        self.both, self.one_left, self.may_leave = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def __call__(self, **_options: object) -> "SlowToLeave":
        return self

    async def __aenter__(self) -> "SlowToLeave":
        self.entered += 1
        try:
            if self.entered == 2:
                self.both.set()
            await asyncio.Event().wait()
        finally:
            if self.one_left.is_set():
                await self.may_leave.wait()
            self.one_left.set()
            self.left += 1
        return self

    async def __aexit__(self, *_: object) -> None: ...


async def test_connections_close_when_every_job_of_a_cron_has_left_them(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, pipeline, left = ArqRedis(redis.connection_pool), SlowToLeave(), []

    async def begin(ctx: dict[Any, Any]) -> None:
        monkeypatch.setattr(queue, "pipeline", pipeline)

    @asynccontextmanager
    async def create() -> AsyncIterator[Worker]:
        crons = [cron(done_already, name=name, run_at_startup=True) for name in ("one", "other")]
        yield Worker(cron_jobs=crons, redis_pool=queue, on_startup=begin, handle_signals=False)
        left.append(pipeline.left)

    running = asyncio.create_task(run_workers(create, grace=0, on_stop=lambda: None))
    await pipeline.both.wait()
    stop()
    await pipeline.one_left.wait()
    for _ in range(20):
        await asyncio.sleep(0)
    pipeline.may_leave.set()
    await running
    assert left == [2]


async def done_already(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
    pass
