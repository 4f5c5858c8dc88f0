"""Messages and announcements in memory: like the real ones they may get lost, and nothing depends on them."""

import contextlib
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from adapters.intake.queue import SETTLE_VERIFICATION
from adapters.redis.client import RedisAway
from tests.support.memory.servers import Job, MemoryRedis


class MemoryMessenger:
    """Jobs by their ids: an id that waits or is worked on is not taken again."""

    def __init__(self, redis: MemoryRedis, *, clock: Callable[[], datetime]) -> None:
        self._redis = redis
        self._clock = clock

    async def settle_at(self, verification_id: UUID, at: datetime) -> None:
        with contextlib.suppress(RedisAway):
            async with self._redis.call():
                job = Job(SETTLE_VERIFICATION, str(verification_id), at)
                self._redis.jobs.setdefault(f"settle:{verification_id}:{at.timestamp():.0f}", job)

    async def depth(self) -> int:
        async with self._redis.call():
            return len(self._redis.jobs)


class MemoryAnnouncer:
    """Notes what was announced."""

    def __init__(self, redis: MemoryRedis) -> None:
        self._redis = redis

    async def announce(self, verification_id: UUID) -> None:
        with contextlib.suppress(RedisAway):
            async with self._redis.call():
                self._redis.announced.append(verification_id)
