"""A real arq worker on the real Valkey: it processes, survives cut connections, and ends in order."""

import asyncio
import pickle

import pytest
from arq.connections import ArqRedis
from arq.worker import Worker, func

from adapters.redis.names import DEFAULT_NAMES
from adapters.tasks.background import end_tasks
from devstack.waiting import until
from tests.adapters.intake.test_queue import Exploit, opened
from tests.support.storage.stores import callback, payload
from tests.support.workers.jobs import Jobs
from tests.support.workers.running_workers import Workers, hand_in
from workers.loop import next_pause


@pytest.mark.parametrize(
    ("last", "ran", "pause"),
    [(0, 0, 0.2), (0.2, 0.1, 0.4), (0.4, 4, 0.8), (3.2, 1, 5), (5, 1, 5), (5, 6, 0.2), (0, 3600, 0.2)],
)
def test_failures_one_after_another_are_met_with_longer_pauses(last: float, ran: float, pause: float) -> None:
    assert next_pause(last, ran=ran) == pause


async def decided(jobs: Jobs, count: int) -> None:
    async def enough() -> bool:
        return await jobs.store.rows("SELECT count(*) FROM decisions") == [(count,)]

    await until(enough)


async def test_it_processes_the_callback_and_leaves_no_batch(jobs: Jobs, workers: Workers) -> None:
    async with workers.running():
        await hand_in(jobs, *range(12))
        await decided(jobs, 12)
        await until(lambda: _nothing_left(jobs))
    keys = [key.decode() for key in await jobs.redis.keys("*")]
    assert not [
        key
        for key in keys
        if key.startswith(("arq:result", "faceid:inbox:", "arq:job:faceid:wake", "arq:retry"))
    ]


async def test_it_survives_its_connections_being_cut(jobs: Jobs, workers: Workers) -> None:
    async with workers.running() as task:
        await hand_in(jobs, 1)
        await decided(jobs, 1)
        for _ in range(3):
            await jobs.redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            await jobs.redis.ping()
        await hand_in(jobs, 2, 3)
        await decided(jobs, 3)
        assert not task.done()


async def test_a_worker_that_fails_is_followed_by_another(jobs: Jobs, workers: Workers) -> None:
    redis = jobs.redis
    async with workers.running() as task:
        # arq's queue is no sorted set any more: its loop ends with a ResponseError.
        await redis.delete(DEFAULT_NAMES.queue)
        await redis.set(DEFAULT_NAMES.queue, "nonsense")

        async def replaced() -> bool:
            return len(workers.made) > 1

        await until(replaced)
        await redis.delete(DEFAULT_NAMES.queue)
        await hand_in(jobs, 1)
        await decided(jobs, 1)
        assert not task.done()


async def test_a_lost_job_is_found_by_the_sweep(jobs: Jobs, workers: Workers) -> None:
    await jobs.inbox.hand_over("b1", [callback(payload(1, status="WHATEVER"))])
    await jobs.redis.delete(DEFAULT_NAMES.queue)
    async with workers.running():
        await decided(jobs, 1)


async def test_a_pickled_job_is_refused_and_the_next_one_processed(jobs: Jobs, workers: Workers) -> None:
    opened.clear()
    bomb = pickle.dumps({"t": 1, "f": "record_waiting", "a": [Exploit()], "k": {}, "et": 1})
    await jobs.redis.set("arq:job:evil", bomb)
    await jobs.redis.zadd(DEFAULT_NAMES.queue, {"evil": 1})
    async with workers.running():
        await hand_in(jobs, 1)
        await decided(jobs, 1)
        await until(lambda: _nothing_left(jobs))
    assert opened == []
    pickle.loads(bomb)
    assert opened == ["pickle ran"], "the bomb works"


async def test_jobs_hidden_by_a_dead_host_delay_no_other(jobs: Jobs, workers: Workers) -> None:
    """arq reads a hundred job ids at a time, hidden ones among them."""
    for n in range(150):
        job_id = f"faceid:settle:{n}"
        await jobs.redis.set(f"arq:in-progress:{job_id}", b"1")
        await jobs.redis.zadd(DEFAULT_NAMES.queue, {job_id: 1_700_000_000_000})
    async with workers.running():
        await hand_in(jobs, 1)
        await decided(jobs, 1)


async def test_a_foreign_worker_on_arqs_default_queue_takes_none_of_our_jobs(
    jobs: Jobs, workers: Workers
) -> None:
    async def other(_ctx: object) -> None:
        pass

    foreign = Worker(
        functions=[func(other, name="other")],  # type: ignore[arg-type]
        redis_pool=ArqRedis(jobs.redis.connection_pool),
        handle_signals=False,
        poll_delay=0.01,
    )
    taking = asyncio.create_task(foreign.async_run())
    async with workers.running():
        await hand_in(jobs, *range(10))
        await decided(jobs, 10)
    await end_tasks(taking)
    assert foreign.jobs_failed == 0
    assert await jobs.inbox.depth() == 0


async def _nothing_left(jobs: Jobs) -> bool:
    # The sweeps' own jobs come and go.
    left = [*await jobs.redis.keys("arq:job:faceid:wake:*"), *await jobs.redis.keys("arq:job:evil")]
    return not left and await jobs.inbox.depth() == 0
