"""Reload policies: on SIGHUP in one process, or by an order over Redis in all processes."""

import asyncio
import signal
from typing import Protocol

import structlog
from redis.asyncio import Redis

from adapters.redis.client import raises_redis_away
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.redis.pubsub import listen
from domain.policy.file.policy import FileProblem

log = structlog.get_logger(__name__)


class Reloadable(Protocol):
    """Policies that are read from files."""

    def reload(self) -> list[FileProblem]:
        """Read them again and return the problems, by file."""


class PolicyReloads:
    """Orders reloads, and carries out orders from other processes."""

    def __init__(self, redis: Redis, policies: Reloadable, *, names: RedisNames = DEFAULT_NAMES) -> None:
        self._redis = redis
        self._names = names
        self._policies = policies
        self._generation: int | None = None

    @raises_redis_away
    async def order(self) -> list[FileProblem]:
        """Reload in every process and return this process's problems, by file.

        Raises:
            RedisAway: only this process has reloaded.
        """
        problems = self._policies.reload()
        generation = int(await self._redis.incr(self._names.reloads))
        self._generation = generation
        await self._redis.publish(self._names.reload, generation)
        return problems

    def reload_on_signal(self) -> None:
        """Reload this process on SIGHUP; call it in the running loop of the main thread."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload, "SIGHUP")

    async def listen(self) -> None:
        """Reload the policies at every order, until cancelled."""
        await listen(self._redis, self._names.reload, self._take, subscribed=self._catch_up)

    def _take(self, message: bytes) -> None:
        generation = int(message)
        if generation != self._generation:
            self._generation = generation
            self._reload("order")

    async def _catch_up(self) -> None:
        generation = int(await self._redis.get(self._names.reloads) or 0)
        # Also the first time: an order may have been sent since the files were read at the start.
        missed = generation != self._generation
        self._generation = generation
        if missed:
            self._reload("missed order")

    def _reload(self, reason: str) -> None:
        problems = self._policies.reload()
        log.info("policies.reloaded", reason=reason, count=len(problems))
