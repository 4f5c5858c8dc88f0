"""Redis as an operator sees it: its backlog, memory and durability."""

from datetime import datetime
from typing import Final

from redis.asyncio import Redis

from adapters.intake.backlog import read_backlog
from adapters.intake.inbox import RedisInbox
from adapters.intake.queue import JobQueue
from adapters.redis.durability import Durability, durability_problems, read_durability
from adapters.redis.memory import read_room
from adapters.redis.names import DEFAULT_NAMES, RedisNames
from domain.limits.memory_room import MEMORY_RULES, MemoryRules
from domain.views.operations.backlog import Backlog
from domain.views.operations.servers import RedisFitness, RedisRoom

_MS: Final = 1000


class RedisFigures:
    """Reads the figures. `durability` is the configured one; `memory_rules` are the ingress's.

    Every method raises RedisAway.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        inbox: RedisInbox,
        queue: JobQueue,
        durability: Durability = "fsync",
        memory_rules: MemoryRules = MEMORY_RULES,
        names: RedisNames = DEFAULT_NAMES,
    ) -> None:
        self._redis = redis
        self._inbox = inbox
        self._queue = queue
        self._durability = durability
        self._memory_rules = memory_rules
        self._names = names

    async def backlog(self, now: datetime) -> Backlog:
        """The backlog of the workers."""
        return await read_backlog(self._redis, now_ms=int(now.timestamp() * _MS), names=self._names)

    async def room(self) -> RedisRoom:
        """Redis's memory, and whether it takes writes."""
        return await read_room(self._redis, self._memory_rules, names=self._names)

    async def examine(self) -> RedisFitness:
        """Whether Redis is fit for the gateway."""
        in_force = await read_durability(self._redis, names=self._names)
        room = await self.room()
        return RedisFitness(
            wanted=self._durability,
            durability=in_force,
            problems=durability_problems(in_force, self._durability),
            room=room,
            batches=await self._inbox.depth(),
            jobs=await self._queue.depth(),
        )
