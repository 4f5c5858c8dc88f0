"""The arq queue, tamed: jobs are wake-ups that carry ids at most, and nothing depends on a job arriving."""

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
from adapters.redis.names import DEFAULT_NAMES, RedisNames

RECORD_WAITING: Final = "record_waiting"
SETTLE_VERIFICATION: Final = "settle_verification"
NUDGE_VERIFICATION: Final = "nudge_verification"

WAKE_UP_SCORE: Final = 1
"""When a wake-up is due: always, whatever the clock of the ingress says. arq takes a score of 0 for none."""

_PAST_THE_MOMENT: Final = timedelta(milliseconds=5)
"""arq cuts times to milliseconds: a job on the dot could come before what it is about is due."""

_LONG_ENOUGH: Final = timedelta(days=1)
"""arq would count from the moment of the job, and Redis refuse one of the day before."""

log = structlog.get_logger(__name__)


def serialize_job(job: dict[str, Any]) -> bytes:
    """A job as MessagePack: arq's default, pickle, would let whoever writes to Redis run code here."""
    return msgspec.msgpack.encode(job)


def deserialize_job(data: bytes) -> dict[str, Any]:
    """What `serialize_job` made; anything else is an error, which arq logs and drops."""
    return msgspec.msgpack.decode(data, type=dict[str, Any])


def create_queue(pool: BlockingConnectionPool, *, names: RedisNames = DEFAULT_NAMES) -> ArqRedis:
    """The arq client on a pool of ours, since arq's own pool has no time-outs behind Sentinel."""
    return ArqRedis(
        pool_or_conn=pool,
        job_serializer=serialize_job,
        job_deserializer=deserialize_job,
        default_queue_name=names.queue,
    )


def add_wake_up(pipe: Pipeline, *, names: RedisNames, now_ms: int) -> None:
    """Add to a transaction the job that wakes a worker: one per second, however many batches come.

    arq removes a job from the queue when it has ended, so a wake-up that is added while its namesake runs can
    vanish with it. The worker looks into the inbox after that, so nothing is missed. A worker killed while
    the job runs hides it, for the rest of this second alone.
    """
    job_id = names.job(f"wake:{now_ms // 1000}")
    job = arq_job(RECORD_WAITING, (), {}, None, now_ms, serializer=serialize_job)
    pipe.psetex(job_key_prefix + job_id, expires_extra_ms, job)
    pipe.zadd(names.queue, {job_id: WAKE_UP_SCORE})


class JobQueue:
    """Tells the workers which verification to look at, and when."""

    def __init__(self, arq: ArqRedis, *, names: RedisNames = DEFAULT_NAMES) -> None:
        self._arq = arq
        self._names = names

    async def look_at(self, verification_id: UUID, at: datetime) -> None:
        """Enqueue a look at a verification for then; should that fail, a sweep looks a little later."""
        try:
            await self.order_look(verification_id, at)
        except RedisAway as error:
            log.warning("settlement.not_announced", error=error.kind)

    @raises_redis_away
    async def order_look(self, verification_id: UUID, at: datetime) -> None:
        """Enqueue a look at a verification for then. Raises RedisAway."""
        await self._arq.enqueue_job(
            SETTLE_VERIFICATION,
            str(verification_id),
            _job_id=self._names.job(f"settle:{verification_id}:{at.timestamp():.0f}"),
            _defer_until=at + _PAST_THE_MOMENT,
            _expires=_LONG_ENOUGH,
        )

    @raises_redis_away
    async def depth(self) -> int:
        """How many jobs wait or run."""
        return int(await self._arq.zcard(self._names.queue))
