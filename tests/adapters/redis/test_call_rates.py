"""Requests that cost vendor calls are counted for all api processes together, in Redis."""

from datetime import timedelta

import pytest
from redis.asyncio import BlockingConnectionPool, Redis
from structlog.testing import capture_logs

from adapters.redis.call_rates import CallRates
from adapters.redis.client import create_redis_pool
from devstack import ports


async def taken(rates: CallRates, token: str, *, of: int) -> int:
    return [await rates.take(token) > 0 for _ in range(of)].count(False)


async def test_processes_share_a_tokens_rate(redis_pool: BlockingConnectionPool) -> None:
    one, other = CallRates(redis_pool, per_second=2), CallRates(redis_pool, per_second=2)
    assert await taken(one, "shop", of=15) == 15
    assert await taken(other, "shop", of=15) == 5, "twenty in ten seconds"
    assert await taken(other, "bank", of=5) == 5, "another token has its own"


async def test_a_refusal_says_when_the_next_request_is_allowed(redis_pool: BlockingConnectionPool) -> None:
    rates = CallRates(redis_pool, per_second=0.1)
    assert await rates.take("shop") == 0
    assert 0 < await rates.take("shop") <= 20


async def test_without_redis_each_process_counts_for_itself() -> None:
    pool = create_redis_pool(f"redis://127.0.0.1:{ports.free_port()}/0", timeout=timedelta(milliseconds=200))
    rates = CallRates(pool, per_second=1)
    with capture_logs() as lines:
        assert await taken(rates, "shop", of=12) == 10
    assert {line["event"] for line in lines} == {"rates.counted_alone"}
    await pool.disconnect()


async def test_a_read_only_redis_refuses_no_request(redis_pool: BlockingConnectionPool, redis: Redis) -> None:
    await redis.config_set("maxmemory", 1)
    try:
        with capture_logs():
            assert await CallRates(redis_pool, per_second=1).take("shop") == 0
    finally:
        await redis.config_set("maxmemory", 0)


@pytest.mark.parametrize("word", ["shop", "欧阳 \x00"])
async def test_a_counter_expires_by_itself(
    redis_pool: BlockingConnectionPool, redis: Redis, word: str
) -> None:
    await CallRates(redis_pool, per_second=1).take(word)
    [key] = await redis.keys("*")
    assert key.startswith(b"faceid:rates")
    assert 0 < await redis.pttl(key) <= 20_000
