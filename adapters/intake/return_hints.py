"""Return hints: a user's browser came back, so a worker looks at the verification after a grace."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from arq.connections import ArqRedis

from adapters.intake.queue import NUDGE_VERIFICATION
from adapters.redis.client import REDIS_ERRORS
from adapters.redis.names import DEFAULT_NAMES, RedisNames

AT_ONCE: Final = 16
"""Maximum number of hints in flight to Redis; more are dropped, since nothing waits for them."""

_LONG_ENOUGH: Final = timedelta(days=1)
"""How long a worker may take to begin; arq would count it by this machine's clock."""

log = structlog.get_logger(__name__)


class RedisReturnHints:
    """Hands return hints to the workers in the background, each to be carried out after `grace`.

    `arq` should have a separate pool: many hints must not take the connections of callbacks.
    While `has_room` says no, none is sent: hints must not fill the memory that workers need.
    """

    def __init__(
        self,
        arq: ArqRedis,
        *,
        grace: timedelta,
        names: RedisNames = DEFAULT_NAMES,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        self._arq = arq
        self._names = names
        self._has_room = has_room
        self._grace = grace
        self._under_way: set[asyncio.Task[None]] = set()
        self._away = False

    def note_return(self, verification_id: UUID) -> None:
        """Have a worker look once, however often this is called meanwhile. Neither waits nor raises."""
        if len(self._under_way) >= AT_ONCE or not self._has_room():
            return
        task = asyncio.create_task(self._hand_over(verification_id))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def aclose(self) -> None:
        """Wait for the hints in flight."""
        await asyncio.gather(*self._under_way)

    async def _hand_over(self, verification_id: UUID) -> None:
        try:
            # By the clock of Redis: with this machine's ahead, the hint would come later by as much.
            seconds, microseconds = await self._arq.time()
            now = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)
            await self._arq.enqueue_job(
                NUDGE_VERIFICATION,
                str(verification_id),
                _job_id=self._names.job(f"nudge:{verification_id}"),
                _defer_until=now + self._grace,
                _expires=self._grace + _LONG_ENOUGH,
            )
            self._away = False
        except REDIS_ERRORS as error:
            if not self._away:
                log.warning("nudge.not_announced", error=type(error).__name__)
            self._away = True
