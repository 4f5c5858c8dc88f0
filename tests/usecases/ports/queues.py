"""The inbox of a contract test, with a way to let time pass for a batch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from redis.asyncio import BlockingConnectionPool, Redis

from adapters.intake.inbox import RedisInbox
from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.envelope import KeyRing
from domain.model import AcceptedCallback
from tests.support.memory.callbacks.inbox import MemoryInbox
from tests.support.memory.servers import MemoryRedis
from tests.support.storage.stores import NOW, Clock
from usecases.ports.callbacks.inbox import Inbox


class WholeInbox(Inbox, Protocol):
    """The inbox as ingress and workers see it together."""

    async def hand_over(self, batch_id: str, callbacks: Sequence[AcceptedCallback]) -> None:
        """Write a batch; writing it twice is harmless."""

    async def depth(self) -> int:
        """How many batches wait or are claimed."""


class PortsOfRedis(ABC):
    """The inbox."""

    inbox: WholeInbox

    @abstractmethod
    async def age(self, batch_id: str, *, minutes: int) -> None:
        """Move the acceptance of a waiting batch this many minutes back."""

    @abstractmethod
    async def lapse(self, batch_id: str, *, minutes: int = 60) -> None:
        """Move the end of a claimed batch's lease this many minutes back."""


class RealQueue(PortsOfRedis):
    """In Redis."""

    def __init__(self, pool: BlockingConnectionPool, *, keys: KeyRing) -> None:
        self._redis = Redis(connection_pool=pool)
        self.inbox = RedisInbox(self._redis, keys=keys)

    async def age(self, batch_id: str, *, minutes: int) -> None:
        await self._redis.zincrby(DEFAULT_NAMES.pending, -minutes * 60_000, batch_id)

    async def lapse(self, batch_id: str, *, minutes: int = 60) -> None:
        await self._redis.zincrby(DEFAULT_NAMES.claimed, -minutes * 60_000, batch_id)


class MemoryQueue(PortsOfRedis):
    """In memory."""

    def __init__(self, redis: MemoryRedis) -> None:
        self._redis, clock = redis, Clock(NOW)
        self.inbox = MemoryInbox(redis, clock=clock)

    async def age(self, batch_id: str, *, minutes: int) -> None:
        self._redis.batches[batch_id].accepted_at -= timedelta(minutes=minutes)

    async def lapse(self, batch_id: str, *, minutes: int = 60) -> None:
        batch = self._redis.batches[batch_id]
        assert batch.lapses_at is not None
        batch.lapses_at -= timedelta(minutes=minutes)
