"""Tell waiting lookups that a verification was decided, over Redis pub/sub, as a hint."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import structlog
from redis.asyncio import Redis

from adapters.redis.client import REDIS_ERRORS
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.redis.pubsub import listen
from adapters.tasks.coalescer import Coalescer

_KEY_BYTES: Final = 16

log = structlog.get_logger(__name__)


class Announcer:
    """Wakes the lookups that wait for a verification. If the hint is lost, they wait until their time-out."""

    def __init__(self, redis: Redis, *, names: RedisNames = DEFAULT_NAMES) -> None:
        self._redis = redis
        self._names = names
        self._coalescer = Coalescer[UUID, None](self._publish, max_items=128, systemic=REDIS_ERRORS)

    async def announce(self, verification_id: UUID) -> None:
        """Announce that a verification was decided."""
        try:
            await self._coalescer.submit(verification_id)
        except REDIS_ERRORS as error:
            log.warning("announcement.failed", error=type(error).__name__)

    async def _publish(self, verification_ids: list[UUID]) -> list[None]:
        async with self._redis.pipeline(transaction=False) as hints:
            hints.publish(self._names.decided, b"".join(each.bytes for each in verification_ids))
            hints.publish(self._names.events, b"")
            await hints.execute()
        return [None] * len(verification_ids)


class Announcements:
    """Listens once per process and wakes any number of waiters."""

    def __init__(self, redis: Redis, *, names: RedisNames = DEFAULT_NAMES) -> None:
        self._redis = redis
        self._channel = names.decided
        self._waiters: defaultdict[UUID, set[asyncio.Event]] = defaultdict(set)

    @contextmanager
    def expect(self, verification_ids: Iterable[UUID]) -> Iterator[asyncio.Event]:
        """An event that is set when one of these verifications is announced inside the block."""
        event, ids = asyncio.Event(), tuple(verification_ids)
        for verification_id in ids:
            self._waiters[verification_id].add(event)
        try:
            yield event
        finally:
            for verification_id in ids:
                self._waiters[verification_id].discard(event)
                if not self._waiters[verification_id]:
                    del self._waiters[verification_id]

    async def listen(self) -> None:
        """Receive announcements until cancelled; reconnect when Redis is back."""
        await listen(self._redis, self._channel, self._wake, subscribed=self._look_again)

    async def _look_again(self) -> None:
        """Make every waiter look, which finds what was announced while we were not subscribed."""
        self.wake_all()

    def wake_all(self) -> None:
        """Wake every waiter."""
        for waiters in self._waiters.values():
            for event in waiters:
                event.set()

    def _wake(self, announced: bytes) -> None:
        # Not a whole number of keys: a foreign message.
        if len(announced) % _KEY_BYTES == 0:
            for begin in range(0, len(announced), _KEY_BYTES):
                for event in self._waiters.get(UUID(bytes=announced[begin : begin + _KEY_BYTES]), ()):
                    event.set()
