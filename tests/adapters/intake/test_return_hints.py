"""A return hint is sent once, after a grace period, in the background; it may be lost.

What it does to a verification: tests/usecases/ports.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from redis.asyncio import BlockingConnectionPool, Redis
from structlog.testing import capture_logs

from adapters.intake.queue import create_queue
from adapters.intake.return_hints import AT_ONCE, RedisReturnHints
from adapters.redis.client import create_redis_pool
from adapters.redis.names import DEFAULT_NAMES
from domain.model import verification_id
from tests.support.storage.stores import biz_id

GRACE = timedelta(seconds=30)
ID = verification_id("demo", biz_id())


@pytest.fixture
async def return_hints(redis_pool: BlockingConnectionPool) -> AsyncIterator[RedisReturnHints]:
    return_hints = RedisReturnHints(create_queue(redis_pool), grace=GRACE)
    yield return_hints
    await return_hints.aclose()


async def test_many_return_hints_of_one_verification_are_one_job_after_the_grace(
    return_hints: RedisReturnHints, redis: Redis
) -> None:
    for _ in range(AT_ONCE):
        return_hints.note_return(ID)
    await return_hints.aclose()
    [(job, at)] = await redis.zrange(DEFAULT_NAMES.queue, 0, -1, withscores=True)
    assert job == f"faceid:nudge:{ID}".encode()
    assert abs(at / 1000 - time.time() - GRACE.total_seconds()) < 5
    assert len(await redis.keys("*")) == 2


async def test_hints_beyond_the_limit_in_flight_are_dropped(
    return_hints: RedisReturnHints, redis: Redis
) -> None:
    for n in range(10 * AT_ONCE):
        return_hints.note_return(UUID(int=n))
    await return_hints.aclose()
    assert await redis.zcard(DEFAULT_NAMES.queue) == AT_ONCE


async def test_without_redis_hints_are_dropped_and_it_is_logged_once(free_port: int) -> None:
    pool = create_redis_pool(f"redis://127.0.0.1:{free_port}/0", timeout=timedelta(milliseconds=200))
    return_hints = RedisReturnHints(create_queue(pool), grace=GRACE)
    with capture_logs() as lines:
        for n in range(5):
            return_hints.note_return(UUID(int=n))
            await asyncio.sleep(0)
        await return_hints.aclose()
    assert [line["event"] for line in lines] == ["nudge.not_announced"]
    await pool.disconnect()


@pytest.mark.parametrize("wrong_by", [timedelta(days=2), timedelta(hours=-3)])
async def test_a_clock_that_is_wrong_here_neither_delays_nor_hastens_it(
    return_hints: RedisReturnHints, redis: Redis, monkeypatch: pytest.MonkeyPatch, wrong_by: timedelta
) -> None:
    ahead_ms = int(wrong_by.total_seconds() * 1000)
    monkeypatch.setattr("arq.connections.timestamp_ms", lambda: int(time.time() * 1000) + ahead_ms)
    before = time.time() * 1000
    return_hints.note_return(ID)
    await return_hints.aclose()
    [(job, at)] = await redis.zrange(DEFAULT_NAMES.queue, 0, -1, withscores=True)
    assert before - 1 <= at - GRACE.total_seconds() * 1000 <= time.time() * 1000 + 1
    assert await redis.pttl(b"arq:job:" + job) > GRACE.total_seconds() * 1000
