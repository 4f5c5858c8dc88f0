"""How much waits in Redis, and for how long: the figures of an operator, read in one round trip."""

from datetime import timedelta
from typing import Final

import msgspec
from arq.constants import default_queue_name
from redis.asyncio import Redis

from adapters.inbox import PENDING, STARTS

_NOTHING: Final = timedelta(0)


class Backlog(msgspec.Struct, frozen=True):
    """What waits.

    `untouched`: how long nobody has touched the batch that rests longest; a sweep touches it every minute or
    so. `most_starts`: how often the batch was begun that was begun most often. `oldest_job`: how long the job
    is due that is due longest; jobs for later are not.
    """

    batches: int
    untouched: timedelta
    most_starts: int
    jobs: int
    oldest_job: timedelta
    memory_bytes: int


async def read_backlog(redis: Redis, *, now_ms: int) -> Backlog:
    """The backlog at `now_ms` (Unix time). Raises RedisError, OSError."""
    async with redis.pipeline(transaction=False) as pipe:
        pipe.zcard(PENDING)
        pipe.zrange(PENDING, 0, 0, withscores=True)
        pipe.hvals(STARTS)
        pipe.zcard(default_queue_name)
        pipe.zrange(default_queue_name, 0, 0, withscores=True)
        pipe.info("memory")
        batches, oldest_batch, starts, jobs, oldest_job, memory = await pipe.execute()
    return Backlog(
        batches=batches,
        untouched=_age(oldest_batch, now_ms),
        most_starts=max(map(int, starts), default=0),
        jobs=jobs,
        oldest_job=_age(oldest_job, now_ms),
        memory_bytes=int(memory["used_memory"]),
    )


def _age(first: list[tuple[bytes, float]], now_ms: int) -> timedelta:
    """How long ago the one member's score (ms) was."""
    return max(timedelta(milliseconds=now_ms - first[0][1]), _NOTHING) if first else _NOTHING
