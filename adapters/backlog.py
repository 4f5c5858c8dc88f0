"""How much waits in Redis, and for how long: the figures of an operator, read in one round trip."""

import re
from datetime import timedelta
from typing import Final

import msgspec
from redis.asyncio import Redis

from adapters.queue import WAKE_UP_SCORE
from adapters.redis_names import DEFAULT_NAMES, RedisNames

_NOTHING: Final = timedelta(0)
_COUNT: Final = re.compile(rb"[0-9]{1,9}")


class Backlog(msgspec.Struct, frozen=True):
    """What waits.

    `batches`: how many are not recorded yet; no key opens `unreadable` of them. `untouched`: how long the
    oldest batch has waited for a worker to claim it. `most_starts`: the most starts of any
    claimed batch. `oldest_job`: how long the most overdue job is due; wake-ups, which are always due, do not
    count.
    """

    batches: int
    unreadable: int
    untouched: timedelta
    most_starts: int
    jobs: int
    oldest_job: timedelta
    memory_bytes: int


async def read_backlog(redis: Redis, *, now_ms: int, names: RedisNames = DEFAULT_NAMES) -> Backlog:
    """The backlog at `now_ms` (Unix time). Raises RedisError, OSError."""
    async with redis.pipeline(transaction=False) as pipe:
        for index in (names.pending, names.claimed, names.unreadable):
            pipe.zcard(index)
        pipe.zrange(names.pending, 0, 0, withscores=True)
        pipe.hvals(names.starts)
        pipe.zcard(names.queue)
        pipe.zrangebyscore(names.queue, WAKE_UP_SCORE + 1, "+inf", start=0, num=1, withscores=True)
        pipe.info("memory")
        *batches, oldest_batch, starts, jobs, oldest_job, memory = await pipe.execute()
    return Backlog(
        batches=sum(batches),
        unreadable=batches[-1],
        untouched=_age(oldest_batch, now_ms),
        most_starts=max((int(count) for count in starts if _COUNT.fullmatch(count)), default=0),
        jobs=jobs,
        oldest_job=_age(oldest_job, now_ms),
        memory_bytes=int(memory["used_memory"]),
    )


def _age(first: list[tuple[bytes, float]], now_ms: int) -> timedelta:
    """How long ago the one member's score (ms) was; a score that is no time is no age."""
    if not first or not 0 <= first[0][1] <= now_ms:
        return _NOTHING
    return timedelta(milliseconds=now_ms - first[0][1])
