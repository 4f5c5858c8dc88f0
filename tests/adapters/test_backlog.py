"""What waits in Redis, and for how long."""

from datetime import timedelta

from arq.constants import default_queue_name
from redis.asyncio import Redis

from adapters.backlog import Backlog, read_backlog
from adapters.inbox import PENDING, STARTS

NOW_MS = 1_800_000_000_000


async def test_an_empty_redis_has_no_backlog(redis: Redis) -> None:
    backlog = await read_backlog(redis, now_ms=NOW_MS)
    assert backlog == Backlog(0, timedelta(0), 0, 0, timedelta(0), backlog.memory_bytes)
    assert backlog.memory_bytes > 100_000


async def test_the_oldest_counts(redis: Redis) -> None:
    await redis.zadd(PENDING, {"young": NOW_MS - 1_000, "old": NOW_MS - 70_000})
    await redis.execute_command("HSET", STARTS, "young", 1, "old", 4)
    await redis.zadd(
        default_queue_name, {"first": NOW_MS - 2_500, "second": NOW_MS - 100, "later": NOW_MS + 60_000}
    )
    backlog = await read_backlog(redis, now_ms=NOW_MS)
    assert (backlog.batches, backlog.untouched) == (2, timedelta(seconds=70))
    assert backlog.most_starts == 4
    assert (backlog.jobs, backlog.oldest_job) == (3, timedelta(seconds=2.5))


async def test_a_job_for_later_does_not_wait(redis: Redis) -> None:
    await redis.zadd(default_queue_name, {"later": NOW_MS + 60_000})
    assert (await read_backlog(redis, now_ms=NOW_MS)).oldest_job == timedelta(0)
