"""Track whether Redis can be written to, so that no callback has to wait to find out.

A failed write opens the circuit; from then on only a background task tries Redis. In normal operation the
task checks durability and memory once a second, and sooner when this process has written much of what was
left.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from redis.asyncio import Redis

from adapters.redis.client import try_a_write
from adapters.redis.durability import Durability, NotDurableYet, check_durability
from adapters.redis.memory import read_memory
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.tasks.background import end_tasks
from domain.errors import SettingsError, kind_of_error
from domain.limits.circuit import Circuit, CircuitRules, CircuitState
from domain.limits.memory_room import MemoryRoom, MemoryRules
from domain.views.operations.servers import RedisMemory

RULES: Final = CircuitRules(first_pause=timedelta(milliseconds=100), longest_pause=timedelta(seconds=1))
_LOOK_EVERY: Final = 1.0
_LOOK_AGAIN: Final = 0.02

log = structlog.get_logger(__name__)


class RedisWatch:
    """The circuit in front of one Redis. It is not usable before the first check (`start`)."""

    def __init__(
        self,
        redis: Redis,
        *,
        durability: Durability,
        timeout: timedelta,
        memory_rules: MemoryRules,
        names: RedisNames = DEFAULT_NAMES,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._durability: Durability = durability
        self._timeout = timeout.total_seconds()
        self._memory_rules = memory_rules
        self._names = names
        self._monotonic = monotonic
        self._circuit = Circuit(RULES)
        self._was_durable = False
        self._looked_at: float | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.room = MemoryRoom(used=0, stop_at=memory_rules.high_water)
        self.full = False
        """Whether Redis holds almost as much as the ingress may fill."""

    @property
    def usable(self) -> bool:
        """Whether a batch may be sent to Redis now: it answers, is durable, and has memory."""
        return self._circuit.retry_at is None and self._looked_at is not None and self.room.is_open

    @property
    def state(self) -> CircuitState:
        """The circuit's state."""
        return self._circuit.state(self._monotonic())

    @property
    def attempts(self) -> int:
        """Failures since the last success."""
        return self._circuit.failures

    async def start(self) -> None:
        """Check once, then keep checking in the background."""
        await self._look()
        self._task = asyncio.create_task(self._keep_looking())

    async def aclose(self) -> None:
        """Stop checking."""
        if self._task is not None:
            await end_tasks(self._task)

    def failed(self, error: Exception) -> None:
        """A write failed or took too long."""
        was_closed = self._circuit.retry_at is None
        self._circuit = self._circuit.failed(self._monotonic())
        self._changed.set()
        if was_closed:
            detail = str(error) if isinstance(error, SettingsError) else None
            log.warning("redis.circuit_opened", error=kind_of_error(error), detail=detail)

    def takes(self, cost: int) -> bool:
        """Whether a batch that costs `cost` bytes may be sent now. If so, they count as used: a write that
        fails may have been made all the same."""
        if not (self.usable and self.room.takes(cost)):
            return False
        self.room = self.room.wrote(cost)
        if self.room.is_outdated:
            self._changed.set()
        return True

    async def _keep_looking(self) -> None:
        while True:
            await self._until_due()
            await self._look()

    async def _until_due(self) -> None:
        while (rest := self._due_at() - self._monotonic()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._changed.wait()

    def _due_at(self) -> float:
        retry_at = self._circuit.retry_at
        if retry_at is not None:
            return retry_at
        # Even if all memory is used, checks keep a pause.
        every = _LOOK_AGAIN if self.room.is_outdated else _LOOK_EVERY
        return (self._looked_at or 0) + every

    async def _look(self) -> None:
        self._circuit = self._circuit.started(self._monotonic())
        try:
            async with asyncio.timeout(self._timeout):
                await self._check_durability()
                memory = await read_memory(self._redis)
                if self._circuit.retry_at is not None:
                    await try_a_write(self._redis, names=self._names)
        except Exception as error:
            # Whatever the error: a server that cannot be checked may not be durable.
            self._was_durable = False
            self.failed(error)
        else:
            self._measure(memory)
            self._succeeded()

    async def _check_durability(self) -> None:
        try:
            await check_durability(self._redis, self._durability, names=self._names)
        except NotDurableYet:
            # A rewrite that began since the last check is not the first: the log was in effect before.
            if not self._was_durable:
                raise
        self._was_durable = True

    def _measure(self, memory: RedisMemory) -> None:
        self.room = MemoryRoom(memory.used, self._memory_rules.stop_at(memory.most))
        if self.room.is_full and not self.full:
            self.full = True
            log.warning("redis.full", bytes=memory.used)
        elif self.room.is_roomy and self.full:
            self.full = False
            log.info("redis.has_room", bytes=memory.used)

    def _succeeded(self) -> None:
        self._looked_at = self._monotonic()
        if self._circuit.retry_at is not None:
            log.info("redis.circuit_closed", attempts=self.attempts)
        self._circuit = self._circuit.succeeded()
