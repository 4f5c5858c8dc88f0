"""The inbox and the messages of a contract test, with a way to let batches rest."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from redis.asyncio import BlockingConnectionPool, Redis

from adapters.envelope import KeyRing
from adapters.inbox import PENDING, RedisInbox
from adapters.queue import BatchQueue, create_queue
from domain.model import AcceptedCallback
from domain.ports import Inbox, Messenger, StaleBatches
from tests.adapters.builders import NOW, Clock
from tests.memory.inbox import MemoryInbox
from tests.memory.messages import MemoryMessenger
from tests.memory.servers import MemoryRedis


class WholeInbox(Inbox, StaleBatches, Protocol):
    """The inbox as ingress, workers and sweep see it together."""

    async def put(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        """Write a batch; writing it twice is harmless."""

    async def depth(self) -> int:
        """How many batches wait or are being processed."""


class CountedMessenger(Messenger, Protocol):
    """A messenger that tells how many messages wait."""

    async def depth(self) -> int:
        """How many messages wait or are being worked on."""


class PortsOfRedis(ABC):
    """The inbox and the messages."""

    inbox: WholeInbox
    messenger: CountedMessenger

    @abstractmethod
    async def rest(self, batch_id: str, *, minutes: int = 60) -> None:
        """Let a batch have been touched so many minutes ago."""


class RealQueue(PortsOfRedis):
    """In Redis."""

    def __init__(self, pool: BlockingConnectionPool, *, keys: KeyRing) -> None:
        self._redis = Redis(connection_pool=pool)
        self.inbox = RedisInbox(self._redis, keys=keys)
        self.messenger = BatchQueue(create_queue(pool))

    async def rest(self, batch_id: str, *, minutes: int = 60) -> None:
        score = await self._redis.zscore(PENDING, batch_id)
        await self._redis.zadd(PENDING, {batch_id: float(score or 0) - minutes * 60_000})


class MemoryQueue(PortsOfRedis):
    """In memory."""

    def __init__(self, redis: MemoryRedis) -> None:
        self._redis, clock = redis, Clock(NOW)
        self.inbox = MemoryInbox(redis, clock=clock)
        self.messenger = MemoryMessenger(redis, clock=clock)

    async def rest(self, batch_id: str, *, minutes: int = 60) -> None:
        self._redis.batches[batch_id].touched_at -= timedelta(minutes=minutes)
