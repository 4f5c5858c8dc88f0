"""The inbox in memory."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from domain.model import AcceptedCallback
from tests.memory.servers import Batch, MemoryRedis


class MemoryInbox:
    """Batches of callbacks, with the moment each was touched."""

    def __init__(self, redis: MemoryRedis, *, clock: Callable[[], datetime]) -> None:
        self._redis = redis
        self._clock = clock

    async def put(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        async with self._redis.call():
            self._redis.batches[batch_id] = Batch(list(callbacks), self._clock())

    async def load(self, batch_id: str) -> list[AcceptedCallback] | None:
        async with self._redis.call():
            batch = self._redis.batches.get(batch_id)
            if batch is not None:
                batch.touched_at = self._clock()
        return None if batch is None else list(batch.callbacks)

    async def start(self, batch_id: str) -> list[AcceptedCallback] | None:
        callbacks = await self.load(batch_id)
        if callbacks is not None:
            async with self._redis.call():
                self._redis.starts[batch_id] = self._redis.starts.get(batch_id, 0) + 1
        return callbacks

    async def forgive(self, batch_id: str) -> None:
        async with self._redis.call():
            self._redis.starts.pop(batch_id, None)

    async def finish(self, batch_id: str) -> None:
        await self.replace(batch_id, {})

    async def replace(self, batch_id: str, parts: Mapping[str, Sequence[AcceptedCallback]]) -> None:
        async with self._redis.call():
            for part_id, callbacks in parts.items():
                self._redis.batches[part_id] = Batch(list(callbacks), self._clock())
            self._redis.batches.pop(batch_id, None)
            self._redis.starts.pop(batch_id, None)

    async def claim_stale(self, *, untouched: timedelta, limit: int = 100) -> dict[str, int]:
        now, batches = self._clock(), self._redis.batches
        async with self._redis.call():
            stale = [each for each in batches if abs(now - batches[each].touched_at) >= untouched]
            claimed = sorted(stale, key=lambda each: (batches[each].touched_at, each))[:limit]
            for batch_id in claimed:
                batches[batch_id].touched_at = now
            return {batch_id: self._redis.starts.get(batch_id, 0) for batch_id in claimed}

    async def depth(self) -> int:
        async with self._redis.call():
            return len(self._redis.batches)
