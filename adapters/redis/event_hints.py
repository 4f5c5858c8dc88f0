"""Hints over Redis pub/sub that the event log may have new events. Readers also look every second."""

from collections.abc import Callable

import structlog
from redis.asyncio import Redis

from adapters.redis.client import REDIS_ERRORS
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.redis.pubsub import listen

log = structlog.get_logger(__name__)


class EventHints:
    """Gives hints, and takes those of other processes."""

    def __init__(self, redis: Redis, *, names: RedisNames = DEFAULT_NAMES) -> None:
        self._redis = redis
        self._channel = names.events

    async def give(self) -> None:
        """Say that there may be new events. While Redis is away, nobody learns of it."""
        try:
            await self._redis.publish(self._channel, b"")
        except REDIS_ERRORS as error:
            log.warning("announcement.failed", error=type(error).__name__)

    async def listen(self, take: Callable[[], None]) -> None:
        """Call `take` at every hint, and after every interruption, until cancelled."""

        async def look() -> None:
            take()

        await listen(self._redis, self._channel, lambda _: take(), subscribed=look)
