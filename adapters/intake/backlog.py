"""How many batches and jobs wait in Redis and for how long, read in one round trip."""

import re
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

from adapters.intake.queue import WAKE_UP_SCORE
from adapters.redis.client import raises_redis_away
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.sealing.batch_ids import accepted_ms
from domain.views.operations.backlog import Backlog

_NOTHING: Final = timedelta(0)
_OLDEST_AMONG: Final = 1000
"""How many batches of each kind are examined: those that have waited longest."""
_COUNT: Final = re.compile(rb"[0-9]{1,9}")


@raises_redis_away
async def read_backlog(redis: Redis, *, now_ms: int, names: RedisNames = DEFAULT_NAMES) -> Backlog:
    """The backlog at `now_ms` (Unix time). Raises RedisAway."""
    async with redis.pipeline(transaction=False) as pipe:
        for index in (names.pending, names.claimed, names.unreadable):
            pipe.zcard(index)
            pipe.zrange(index, 0, _OLDEST_AMONG - 1)
        pipe.zrange(names.pending, 0, 0, withscores=True)
        pipe.hvals(names.starts)
        pipe.zcard(names.queue)
        pipe.zrangebyscore(names.queue, WAKE_UP_SCORE + 1, "+inf", start=0, num=1, withscores=True)
        *indexes, oldest_batch, starts, jobs, oldest_job = await pipe.execute()
    accepted = [accepted_ms(each.decode(errors="replace")) for ids in indexes[1::2] for each in ids]
    accepted += [int(score) for _, score in oldest_batch if 0 <= score <= now_ms]
    return Backlog(
        batches=sum(indexes[::2]),
        unreadable=indexes[-2],
        oldest=max(timedelta(milliseconds=now_ms - min(filter(None, accepted), default=now_ms)), _NOTHING),
        untouched=_age(oldest_batch, now_ms),
        most_starts=max((int(count) for count in starts if _COUNT.fullmatch(count)), default=0),
        jobs=jobs,
        oldest_job=_age(oldest_job, now_ms),
    )


def _age(first: list[tuple[bytes, float]], now_ms: int) -> timedelta:
    """How long ago the first member's score (ms) was; zero if the score is not a time."""
    if not first or not 0 <= first[0][1] <= now_ms:
        return _NOTHING
    return timedelta(milliseconds=now_ms - first[0][1])
