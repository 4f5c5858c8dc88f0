"""Knows at any moment whether Redis can be written to, so that no callback has to wait to find out.

A write that failed opens the circuit; from then on a task of its own tries Redis, and nobody else does. While
all is well it looks once a second whether the server still keeps what it takes, and how full it is.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from redis.asyncio import Redis

from adapters.redis_client import REDIS_AWAY, Durability, check_durability
from domain.circuit import Circuit, CircuitRules, CircuitState
from domain.errors import SettingsError

PROBE_KEY: Final = "ingress:probe"
"""Written when Redis is tried: only a write meets a full server, or one that became a replica."""

RULES: Final = CircuitRules(first_pause=timedelta(milliseconds=100), longest_pause=timedelta(seconds=1))
_LOOK_EVERY: Final = 1.0
_PROBE_KEPT: Final = timedelta(minutes=1)

log = structlog.get_logger(__name__)


class RedisWatch:
    """The circuit in front of one Redis. Nothing is usable before the first look (`start`)."""

    def __init__(
        self,
        redis: Redis,
        *,
        durability: Durability,
        timeout: timedelta,
        high_water: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._durability: Durability = durability
        self._timeout = timeout.total_seconds()
        self._high_water = high_water
        self._monotonic = monotonic
        self._circuit = Circuit(RULES)
        self._looked_at: float | None = None
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.memory = 0
        """Bytes that Redis held when it was last looked at."""

    @property
    def usable(self) -> bool:
        """Whether a batch may be sent to Redis now: it answers, keeps what it takes, and has room."""
        closed = self._circuit.retry_at is None
        return closed and self._looked_at is not None and self.memory < self._high_water

    @property
    def state(self) -> CircuitState:
        """The circuit's state."""
        return self._circuit.state(self._monotonic())

    @property
    def attempts(self) -> int:
        """How often Redis has failed since it last did not."""
        return self._circuit.failures

    async def start(self) -> None:
        """Look once, then keep looking in the background."""
        await self._look()
        self._task = asyncio.create_task(self._keep_looking())

    async def aclose(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def failed(self, error: Exception) -> None:
        """A write failed or took too long."""
        was_closed = self._circuit.retry_at is None
        self._circuit = self._circuit.failed(self._monotonic())
        self._changed.set()
        if was_closed:
            detail = str(error) if isinstance(error, SettingsError) else None
            log.warning("redis.circuit_opened", error=type(error).__name__, detail=detail)

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
        return retry_at if retry_at is not None else (self._looked_at or 0) + _LOOK_EVERY

    async def _look(self) -> None:
        self._circuit = self._circuit.started(self._monotonic())
        try:
            async with asyncio.timeout(self._timeout):
                await check_durability(self._redis, self._durability)
                self.memory = int((await self._redis.info("memory"))["used_memory"])
                if self._circuit.retry_at is not None:
                    await self._redis.set(PROBE_KEY, b"", ex=_PROBE_KEPT)
        except (*REDIS_AWAY, SettingsError) as error:
            self.failed(error)
        else:
            self._succeeded()

    def _succeeded(self) -> None:
        self._looked_at = self._monotonic()
        if self._circuit.retry_at is not None:
            log.info("redis.circuit_closed", attempts=self.attempts)
        self._circuit = self._circuit.succeeded()
