"""Fill a worker's queue as its ingress would, under another queue's name, so that one RENAME releases it."""

import asyncio
import base64
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

from arq.connections import ArqRedis

from adapters.intake.inbox import encode_batch
from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.batch_ids import new_batch_id
from adapters.sealing.envelope import KeyRing
from bench.rig import Rig
from bench.traffic.callbacks import APP_ID, SignedCallback
from domain.model import AcceptedCallback, CallbackKind

BATCH: Final = 32
"""The ingress's batch size with 64 connections."""

STAGED: Final = "bench:staged"
_AT_ONCE: Final = 64

Item = TypeVar("Item")


async def stage_batches(rig: Rig, callbacks: Sequence[SignedCallback], *, size: int = BATCH) -> None:
    """Write batches to the inbox as the ingress does under load; their ids wait under another name."""
    keys = KeyRing([base64.b64decode(rig.roles.env["FACEID_MASTER_KEYS"])])
    for number, some in enumerate(_groups(list(_groups(callbacks, size)), _AT_ONCE)):
        async with rig.redis.pipeline(transaction=False) as pipe:
            for place, group in enumerate(some):
                batch_id = new_batch_id(len(group))
                sealed = encode_batch(batch_id, [_accepted(callback) for callback in group], keys=keys)
                pipe.set(DEFAULT_NAMES.batch + batch_id, sealed)
                pipe.zadd(STAGED, {batch_id: number * _AT_ONCE + place})
            await pipe.execute()


async def stage_jobs(rig: Rig, callbacks: Sequence[SignedCallback]) -> None:
    """Write one job per callback, as the naive ingress does."""
    arq = _staging_queue(rig)
    for group in _groups(callbacks, _AT_ONCE):
        await asyncio.gather(
            *(arq.enqueue_job("process_callback", APP_ID, item.data.decode()) for item in group)
        )


def _staging_queue(rig: Rig) -> ArqRedis:
    return ArqRedis(pool_or_conn=rig.redis.connection_pool, default_queue_name=STAGED)


def _accepted(callback: SignedCallback) -> AcceptedCallback:
    return AcceptedCallback(APP_ID, CallbackKind.NOTIFY, datetime.now(UTC), 0, callback.data)


def _groups(items: Sequence[Item], size: int) -> Iterable[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
