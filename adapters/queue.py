"""The arq queue, tamed: jobs carry ids only, in MessagePack, and nothing depends on a job arriving."""

import time
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
import structlog
from arq.connections import ArqRedis
from arq.constants import default_queue_name, expires_extra_ms, job_key_prefix
from arq.jobs import serialize_job as arq_job
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.client import Pipeline

from adapters.redis_client import REDIS_AWAY

PROCESS_BATCH: Final = "process_batch"
SETTLE_VERIFICATION: Final = "settle_verification"
NUDGE_VERIFICATION: Final = "nudge_verification"
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


def create_queue(pool: BlockingConnectionPool) -> ArqRedis:
    """The arq client on a pool of ours, since arq's own pool has no time-outs behind Sentinel."""
    return ArqRedis(pool_or_conn=pool, job_serializer=serialize_job, job_deserializer=deserialize_job)


def add_batch_job(pipe: Pipeline, batch_id: str, *, now_ms: int) -> None:
    """Add a new batch's first job to a transaction, as `BatchQueue.enqueue` would write it.

    arq's own way asks first whether there is such a job, in three round trips; of a batch that is just being
    written there is none.
    """
    job_id = _job_id(batch_id, attempt=0)
    job = arq_job(PROCESS_BATCH, (batch_id,), {}, None, now_ms, serializer=serialize_job)
    pipe.psetex(job_key_prefix + job_id, expires_extra_ms, job)
    pipe.zadd(default_queue_name, {job_id: now_ms})


def _job_id(batch_id: str, *, attempt: int) -> str:
    return f"batch:{batch_id}:{attempt}"


class BatchQueue:
    """Tells the workers which batches wait."""

    def __init__(self, arq: ArqRedis) -> None:
        self._arq = arq

    async def enqueue(self, batch_id: str, *, attempt: int = 0) -> None:
        """Enqueue a batch; the same attempt twice is one job. Raises RedisError, OSError.

        Each attempt is a job of its own: the one of a killed worker stays invisible for over a minute, and
        its id is refused meanwhile.
        """
        job_id = _job_id(batch_id, attempt=attempt)
        if await self._arq.enqueue_job(PROCESS_BATCH, batch_id, _job_id=job_id) is None:
            # It waits already, perhaps for a time that only a wrong clock thought near.
            now = time.time_ns() // 1_000_000
            await self._arq.zadd(self._arq.default_queue_name, {job_id: now}, xx=True, lt=True)

    async def settle_at(self, verification_id: UUID, at: datetime) -> None:
        """Enqueue a look at a verification for then; should that fail, a sweep looks a little later."""
        try:
            await self._arq.enqueue_job(
                SETTLE_VERIFICATION,
                str(verification_id),
                _job_id=f"settle:{verification_id}:{at.timestamp():.0f}",
                _defer_until=at + _PAST_THE_MOMENT,
                _expires=_LONG_ENOUGH,
            )
        except REDIS_AWAY as error:
            log.warning("settlement.not_announced", error=type(error).__name__)

    async def depth(self) -> int:
        """How many jobs wait or run."""
        return int(await self._arq.zcard(self._arq.default_queue_name))
