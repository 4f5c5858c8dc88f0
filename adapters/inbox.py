"""The inbox: callbacks that are accepted and not yet processed, durable in Redis.

One write per group of callbacks: the sealed batch under `inbox:{batch_id}` and its id in `inbox:pending`
(score = last touched, ms). Neither has a TTL. These two are the truth; the arq job that carries the batch
id, written with them, is only a messenger, and a batch whose messenger was lost is found by the sweeper.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec
import zstandard
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from adapters.envelope import KeyRing
from adapters.queue import add_batch_job
from domain.model import AcceptedCallback

PENDING: Final = "inbox:pending"
STARTS: Final = "inbox:starts"


class RedisInbox:
    """Batches of callbacks in Redis."""

    def __init__(self, redis: Redis, *, keys: KeyRing) -> None:
        self._redis = redis
        self._keys = keys

    async def put(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        """Write a batch in one transaction. Writing the same batch twice is harmless.

        No worker is told: the sweep finds it.

        Raises:
            RedisError, OSError: Redis is away; the batch may have been written all the same.
        """
        async with self._redis.pipeline(transaction=True) as pipe:
            _put(pipe, batch_id, encode_batch(batch_id, callbacks, keys=self._keys), now_ms=_now_ms())
            await pipe.execute()

    async def hand_over(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        """`put`, and the job that tells a worker of it, in one transaction. Raises as `put`."""
        await self.hand_over_sealed(batch_id, encode_batch(batch_id, callbacks, keys=self._keys))

    async def hand_over_sealed(self, batch_id: str, sealed: bytes) -> None:
        """`hand_over` for a batch that `encode_batch` made. Raises as `put`."""
        now_ms = _now_ms()
        async with self._redis.pipeline(transaction=True) as pipe:
            _put(pipe, batch_id, sealed, now_ms=now_ms)
            add_batch_job(pipe, batch_id, now_ms=now_ms)
            await pipe.execute()

    async def load(self, batch_id: str) -> list[AcceptedCallback] | None:
        """A batch's callbacks, marked as just touched; None when it has been finished already."""
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.get(_key(batch_id))
            pipe.zadd(PENDING, {batch_id: _now_ms()}, xx=True)
            sealed, _ = await pipe.execute()
        return None if sealed is None else decode_batch(batch_id, sealed, keys=self._keys)

    async def start(self, batch_id: str) -> list[AcceptedCallback] | None:
        """`load`, counted: a batch that is started again and again and never ends kills its worker."""
        callbacks = await self.load(batch_id)
        if callbacks is not None:
            await self._count(batch_id)
        return callbacks

    async def forgive(self, batch_id: str) -> None:
        """Forget how often a batch was started: it did not end, but for no fault of its own."""
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hdel(STARTS, batch_id)
            await pipe.execute()

    async def _count(self, batch_id: str) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.hincrby(STARTS, batch_id, 1)
            await pipe.execute()

    async def finish(self, batch_id: str) -> None:
        """Forget a batch: every callback of it is recorded."""
        await self.replace(batch_id, {})

    async def replace(self, batch_id: str, parts: Mapping[str, Sequence[AcceptedCallback]]) -> None:
        """Put `parts` in the place of a batch, in one transaction."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for part_id, callbacks in parts.items():
                sealed = encode_batch(part_id, callbacks, keys=self._keys)
                _put(pipe, part_id, sealed, now_ms=_now_ms())
            pipe.delete(_key(batch_id))
            pipe.zrem(PENDING, batch_id)
            pipe.hdel(STARTS, batch_id)
            await pipe.execute()

    async def claim_stale(self, *, untouched: timedelta, limit: int = 100) -> dict[str, int]:
        """Batches that nobody touched for `untouched`, oldest first, each with how often it was started.

        A claimed batch counts as touched, so that two sweepers do not send it twice at once. One that has
        only waited long, behind many others, has been started 0 times. One that was touched further in the
        future than that was so by a clock that is wrong, or was; it would wait until that time.
        """
        now, rest = _now_ms(), int(untouched.total_seconds() * 1000)
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.zrangebyscore(PENDING, "-inf", now - rest, start=0, num=limit)
            pipe.zrangebyscore(PENDING, now + rest, "+inf", start=0, num=limit)
            past, future = await pipe.execute()
        stale = list(dict.fromkeys([*past, *future]))[:limit]
        if not stale:
            return {}
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.zadd(PENDING, dict.fromkeys(stale, _now_ms()), xx=True)
            pipe.hmget(STARTS, stale)
            _, starts = await pipe.execute()
        return {batch_id.decode(): int(count or 0) for batch_id, count in zip(stale, starts, strict=True)}

    async def depth(self) -> int:
        """How many batches wait or are being processed."""
        return int(await self._redis.zcard(PENDING))


def _put(pipe: Pipeline, batch_id: str, sealed: bytes, *, now_ms: int) -> None:
    pipe.set(_key(batch_id), sealed)
    pipe.zadd(PENDING, {batch_id: now_ms})


def encode_batch(batch_id: str, callbacks: Sequence[AcceptedCallback], *, keys: KeyRing) -> bytes:
    """A batch as it stands in Redis: MessagePack, compressed, encrypted."""
    return keys.seal_batch(batch_id, _compressor.compress(msgspec.msgpack.encode(callbacks)))


def decode_batch(batch_id: str, sealed: bytes, *, keys: KeyRing) -> list[AcceptedCallback]:
    """The callbacks of a batch. Raises BrokenSeal."""
    packed = keys.unseal_batch(batch_id, sealed)
    return _decoder.decode(_decompressor.decompress(packed))


_compressor: Final = zstandard.ZstdCompressor(level=1)
"""Of callbacks, which are alike, the fastest level makes no more bytes than the usual one."""

_decompressor: Final = zstandard.ZstdDecompressor()
_decoder: Final = msgspec.msgpack.Decoder(list[AcceptedCallback])


def _key(batch_id: str) -> str:
    return f"inbox:{batch_id}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
