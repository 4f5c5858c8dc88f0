"""Move batches that an ingress of version 0.1 left under names without a prefix into the inbox.

Such an ingress may run for a while during an upgrade; nothing that it accepts is lost.
"""

import re
import time
from datetime import timedelta
from typing import Final

from redis.asyncio import Redis

from adapters.intake.inbox import decode_batch
from adapters.redis.client import raises_redis_away
from adapters.redis.names import RedisNames
from adapters.sealing.envelope import KeyRing
from domain.errors import BrokenSeal

_OLD: Final = RedisNames(prefix="")
_UNTOUCHED: Final = timedelta(minutes=1)
"""A worker of version 0.1 touches its claimed batches more often than this."""

_AT_ONCE: Final = 100
_ID: Final = re.compile(rb"[\w.-]+")


class LegacyInbox:
    """Moves old batches; those that no configured key decrypts belong to another gateway and stay."""

    def __init__(self, redis: Redis, *, keys: KeyRing, names: RedisNames) -> None:
        self._redis = redis
        self._keys = keys
        self._names = names

    @raises_redis_away
    async def adopt(self) -> int:
        """Move batches untouched for a minute and return their number. Raises RedisAway."""
        if self._names == _OLD:
            return 0
        before = time.time() * 1000 - _UNTOUCHED.total_seconds() * 1000
        moved = stayed = 0
        while ids := await self._redis.zrangebyscore(
            _OLD.pending, "-inf", before, start=stayed, num=_AT_ONCE
        ):
            done = [await self._move(each.decode()) for each in ids if _ID.fullmatch(each)]
            moved += sum(done)
            stayed += len(ids) - sum(done)
        return moved

    async def _move(self, batch_id: str) -> bool:
        sealed = await self._redis.get(_OLD.batch + batch_id)
        if sealed is not None and not self._is_ours(batch_id, sealed):
            return False
        async with self._redis.pipeline(transaction=True) as pipe:
            if sealed is not None:
                pipe.set(self._names.batch + batch_id, sealed)
                pipe.zadd(self._names.pending, {batch_id: time.time_ns() // 1_000_000})
            pipe.delete(_OLD.batch + batch_id)
            pipe.zrem(_OLD.pending, batch_id)
            pipe.hdel(_OLD.starts, batch_id)
            await pipe.execute()
        return sealed is not None

    def _is_ours(self, batch_id: str, sealed: bytes) -> bool:
        try:
            decode_batch(batch_id, sealed, keys=self._keys)
        except BrokenSeal:
            return False
        return True
