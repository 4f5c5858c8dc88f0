"""Reload the policies of every process: on SIGHUP of its own, or on an order that Redis carries to all."""

import asyncio
import signal
from typing import Protocol

import structlog
from redis.asyncio import Redis

from adapters.redis.client import raises_redis_away
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from adapters.redis.pubsub import listen
from domain.policy.file import FileProblem

log = structlog.get_logger(__name__)


class Reloadable(Protocol):
    """Policies that are read from files."""

    def reload(self) -> list[FileProblem]:
        """Read them again; what is wrong with which file."""


class PolicyReloads:
    """Orders reloads, and follows the orders of others."""

    def __init__(self, redis: Redis, policies: Reloadable, *, names: RedisNames = DEFAULT_NAMES) -> None:
        self._redis = redis
        self._names = names
        self._policies = policies
        self._generation: int | None = None

    @raises_redis_away
    async def order(self) -> list[FileProblem]:
        """Reload here, tell every process to, and return what is wrong here, by file.

        Raises:
            RedisAway: reloaded here, but nobody else was told.
        """
        problems = self._policies.reload()
        generation = int(await self._redis.incr(self._names.reloads))
        self._generation = generation
        await self._redis.publish(self._names.reload, generation)
        return problems

    def reload_on_signal(self) -> None:
        """Reload this process on SIGHUP; to be called in the running loop of the main thread."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload, "SIGHUP")

    async def listen(self) -> None:
        """Follow orders until cancelled."""
        await listen(self._redis, self._names.reload, self._take, subscribed=self._catch_up)

    def _take(self, message: bytes) -> None:
        generation = int(message)
        if generation != self._generation:
            self._generation = generation
            self._reload("order")

    async def _catch_up(self) -> None:
        generation = int(await self._redis.get(self._names.reloads) or 0)
        # At the first time too: an order may have been given since the start, when the files were read.
        missed = generation != self._generation
        self._generation = generation
        if missed:
            self._reload("missed order")

    def _reload(self, reason: str) -> None:
        problems = self._policies.reload()
        log.info("policies.reloaded", reason=reason, count=len(problems))
