"""Limit each token's requests that cost vendor calls, counted in Redis for all api processes."""

import time
from math import ceil
from typing import Any, Final

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import BlockingConnectionPool

from adapters.redis.client import REDIS_ERRORS
from adapters.redis.names import DEFAULT_NAMES, RedisNames

_WINDOW: Final = 10
"""Seconds over which the rate is averaged."""

log = structlog.get_logger(__name__)


class CallRates:
    """At most `per_second` requests of a token, averaged over ten seconds.

    While Redis is away or takes no writes, each process counts alone: to refuse an order because a counter
    is unavailable would be worse than a few requests too many.
    """

    def __init__(
        self,
        pool: BlockingConnectionPool | None,
        *,
        per_second: float,
        names: RedisNames = DEFAULT_NAMES,
    ) -> None:
        self._item = RateLimitItemPerSecond(max(1, ceil(per_second * _WINDOW)), _WINDOW)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = (
            self._own if pool is None else SlidingWindowCounterRateLimiter(_storage(pool, prefix=names.rates))
        )

    async def take(self, token: str) -> float:
        """Count a request of this token and return 0, or return the seconds until one is allowed."""
        try:
            return await self._take(self._shared, token)
        except REDIS_ERRORS as error:
            log.warning("rates.counted_alone", error=type(error).__name__)
            return await self._take(self._own, token)

    async def _take(self, limiter: SlidingWindowCounterRateLimiter, token: str) -> float:
        if await limiter.hit(self._item, token):
            return 0.0
        window = await limiter.get_window_stats(self._item, token)
        return max(0.1, window.reset_time - time.time())


def _storage(pool: BlockingConnectionPool, *, prefix: str) -> RedisStorage:
    # The URL is not used, since the pool has the connections.
    options: dict[str, Any] = {"connection_pool": pool}
    return RedisStorage("async+redis://", implementation="redispy", key_prefix=prefix, **options)
