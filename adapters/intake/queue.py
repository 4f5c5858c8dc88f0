"""The arq queue. Jobs are wake-ups that carry at most an id, and nothing depends on their arrival."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from arq.connections import ArqRedis
from arq.constants import expires_extra_ms, job_key_prefix
from arq.jobs import serialize_job as arq_job
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.client import Pipeline

from adapters.redis.client import RedisAway, raises_redis_away
from adapters.redis.kept import Command
from adapters.redis.names import DEFAULT_NAMES, RedisNames

RECORD_WAITING: Final = "record_waiting"
SETTLE_VERIFICATION: Final = "settle_verification"
NUDGE_VERIFICATION: Final = "nudge_verification"

WAKE_UP_SCORE: Final = 1
"""The due time of a wake-up: always due, whatever the ingress's clock. arq treats a score of 0 as none."""

_PAST_THE_MOMENT: Final = timedelta(milliseconds=5)
"""arq truncates times to milliseconds, so an exact job could run before its verification is due."""

_LONG_ENOUGH: Final = timedelta(days=1)
"""An explicit expiry: arq would count it from the job's time, and Redis would refuse an expiry in the
past.
"""

log = structlog.get_logger(__name__)


def serialize_job(job: dict[str, Any]) -> bytes:
    """A job as MessagePack. With arq's default, pickle, anyone who can write to Redis could run code here."""
    return msgspec.msgpack.encode(job)


def deserialize_job(data: bytes) -> dict[str, Any]:
    """The job from `serialize_job`; anything else is an error, which arq logs and drops."""
    return msgspec.msgpack.decode(data, type=dict[str, Any])


def create_queue(pool: BlockingConnectionPool, *, names: RedisNames = DEFAULT_NAMES) -> ArqRedis:
    """The arq client on our pool, since arq's own pool has no time-outs behind Sentinel."""
    return ArqRedis(
        pool_or_conn=pool,
        job_serializer=serialize_job,
        job_deserializer=deserialize_job,
        default_queue_name=names.queue,
    )


def wake_up(*, names: RedisNames, now_ms: int) -> tuple[Command, ...]:
    """The commands that add the job that wakes a worker: one per second, however many batches arrive.

    arq removes a job from the queue when it has ended, so a wake-up that is added while one of the same name
    runs may be removed with it. The worker checks the inbox after that, so nothing is missed. If a worker is
    killed while the job runs, the job is hidden for the rest of this second only.
    """
    job_id = names.job(f"wake:{now_ms // 1000}")
    job = arq_job(RECORD_WAITING, (), {}, None, now_ms, serializer=serialize_job)
    return (
        ("PSETEX", job_key_prefix + job_id, expires_extra_ms, job),
        ("ZADD", names.queue, WAKE_UP_SCORE, job_id),
    )


def add_wake_up(pipe: Pipeline, *, names: RedisNames, now_ms: int) -> None:
    """Add a `wake_up` to a transaction."""
    for command in wake_up(names=names, now_ms=now_ms):
        pipe.execute_command(*command)


class JobQueue:
    """Schedules verifications for the workers."""

    def __init__(self, arq: ArqRedis, *, names: RedisNames = DEFAULT_NAMES) -> None:
        self._arq = arq
        self._names = names

    async def look_at(self, verification_id: UUID, at: datetime) -> None:
        """Schedule a verification; if that fails, a sweep picks it up a little later."""
        try:
            await self.order_look(verification_id, at)
        except RedisAway as error:
            log.warning("settlement.not_announced", error=error.kind)

    @raises_redis_away
    async def order_look(self, verification_id: UUID, at: datetime) -> None:
        """Schedule a verification. Raises RedisAway."""
        await self._arq.enqueue_job(
            SETTLE_VERIFICATION,
            str(verification_id),
            _job_id=self._names.job(f"settle:{verification_id}:{at.timestamp():.0f}"),
            _defer_until=at + _PAST_THE_MOMENT,
            _expires=_LONG_ENOUGH,
        )

    @raises_redis_away
    async def depth(self) -> int:
        """The number of jobs that wait or run."""
        return int(await self._arq.zcard(self._names.queue))
