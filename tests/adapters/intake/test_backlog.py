"""The backlog in Redis: batches, jobs, and how long they have waited."""

from datetime import timedelta

import pytest
from redis.asyncio import Redis

from adapters.intake.backlog import read_backlog
from adapters.intake.queue import WAKE_UP_SCORE
from adapters.redis.names import DEFAULT_NAMES
from domain.views.operations.backlog import Backlog

NOW_MS = 1_800_000_000_000


async def test_an_empty_redis_has_no_backlog(redis: Redis) -> None:
    backlog = await read_backlog(redis, now_ms=NOW_MS)
    nothing = timedelta(0)
    assert backlog == Backlog(0, 0, nothing, nothing, 0, 0, nothing)


async def test_the_oldest_counts(redis: Redis) -> None:
    await redis.zadd(DEFAULT_NAMES.pending, {"young": NOW_MS - 1_000, "old": NOW_MS - 70_000})
    await redis.execute_command("HSET", DEFAULT_NAMES.starts, "young", 1, "old", 4)
    await redis.zadd(
        DEFAULT_NAMES.queue, {"first": NOW_MS - 2_500, "second": NOW_MS - 100, "later": NOW_MS + 60_000}
    )
    await redis.zadd(DEFAULT_NAMES.claimed, {"taken": NOW_MS})
    await redis.zadd(DEFAULT_NAMES.unreadable, {"lost": NOW_MS})
    backlog = await read_backlog(redis, now_ms=NOW_MS)
    assert (backlog.batches, backlog.unreadable, backlog.untouched) == (4, 1, timedelta(seconds=70))
    assert backlog.most_starts == 4
    assert (backlog.jobs, backlog.oldest_job) == (3, timedelta(seconds=2.5))


async def test_a_job_for_later_and_a_wake_up_do_not_wait(redis: Redis) -> None:
    await redis.zadd(DEFAULT_NAMES.queue, {"later": NOW_MS + 60_000, "wake": WAKE_UP_SCORE})
    assert (await read_backlog(redis, now_ms=NOW_MS)).oldest_job == timedelta(0)


def accepted(seconds: float) -> str:
    """A batch id of so long ago."""
    return f"{NOW_MS - int(seconds * 1000):012x}{'0' * 20}.1"


@pytest.mark.parametrize("place", ["pending", "claimed", "unreadable"])
async def test_the_age_of_the_oldest_callback_is_reset_by_no_claim_and_no_sweep(
    redis: Redis, place: str
) -> None:
    await redis.zadd(DEFAULT_NAMES.pending, {accepted(3): NOW_MS})
    await redis.zadd(DEFAULT_NAMES.claimed, {accepted(5): NOW_MS + 60_000, "older-version": NOW_MS + 1})
    await redis.zadd(getattr(DEFAULT_NAMES, place), {accepted(90): NOW_MS, f"{accepted(80)}-1": NOW_MS})
    assert (await read_backlog(redis, now_ms=NOW_MS)).oldest == timedelta(seconds=90)


@pytest.mark.parametrize("score", ["+inf", "-inf", "-5", str(NOW_MS * 1000)])
async def test_a_score_that_is_no_time_is_no_age(redis: Redis, score: str) -> None:
    await redis.execute_command("ZADD", DEFAULT_NAMES.pending, score, "older-version")
    backlog = await read_backlog(redis, now_ms=NOW_MS)
    assert (backlog.batches, backlog.oldest, backlog.untouched) == (1, timedelta(0), timedelta(0))


async def test_odd_names_and_a_clock_that_is_ahead_are_no_trouble(redis: Redis) -> None:
    await redis.zadd(DEFAULT_NAMES.claimed, {b"\xff\xfe": 1, accepted(-3600).encode(): 2})
    assert (await read_backlog(redis, now_ms=NOW_MS)).oldest == timedelta(0)
