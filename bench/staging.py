"""Fill a worker's queue as its ingress would, under another queue's name, so that one RENAME releases it."""

import asyncio
import base64
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import uuid4

from arq.connections import ArqRedis

from adapters.envelope import KeyRing
from adapters.inbox import RedisInbox
from adapters.queue import JobQueue, deserialize_job, serialize_job
from bench.callbacks import APP_ID, SignedCallback
from bench.rig import Rig
from domain.model import AcceptedCallback, CallbackKind

BATCH: Final = 32
"""What the ingress makes of 64 connections."""

STAGED: Final = "bench:staged"
_AT_ONCE: Final = 64

Item = TypeVar("Item")


async def stage_batches(rig: Rig, callbacks: Sequence[SignedCallback]) -> None:
    """As the ingress does it under load: batches in the inbox, their ids in the queue."""
    keys = KeyRing([base64.b64decode(rig.environment["FACEID_MASTER_KEYS"])])
    inbox = RedisInbox(rig.redis, keys=keys)
    queue = JobQueue(_staging_queue(rig, job_serializer=serialize_job, job_deserializer=deserialize_job))
    for group in _groups(callbacks, BATCH):
        batch_id = uuid4().hex
        await inbox.put(batch_id, [_accepted(callback) for callback in group])
        await queue.enqueue(batch_id)


async def stage_jobs(rig: Rig, callbacks: Sequence[SignedCallback]) -> None:
    """As the naive ingress does it: a job per callback."""
    arq = _staging_queue(rig)
    for group in _groups(callbacks, _AT_ONCE):
        await asyncio.gather(
            *(arq.enqueue_job("process_callback", APP_ID, item.data.decode()) for item in group)
        )


def _staging_queue(rig: Rig, **serializers: Callable[..., object]) -> ArqRedis:
    pool = rig.redis.connection_pool
    return ArqRedis(pool_or_conn=pool, default_queue_name=STAGED, **serializers)  # type: ignore[arg-type]


def _accepted(callback: SignedCallback) -> AcceptedCallback:
    return AcceptedCallback(APP_ID, CallbackKind.NOTIFY, datetime.now(UTC), 0, callback.data)


def _groups(items: Sequence[Item], size: int) -> Iterable[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
