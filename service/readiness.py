"""The answer of `readyz`, read at most once a second and by one reader at a time, however many probes
arrive.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from domain.errors import ServerAway, kind_of_error
from domain.views.operations.processes import SeenHeartbeat
from domain.views.operations.servers import DatabaseFitness, RedisFitness
from usecases.ports.servers import Database, Processes, RedisFigures

FRESH_FOR: Final = 1.0
_PATIENCE: Final = 3.0

Part = dict[str, Any]
Parts = dict[str, Part]


class Readiness:
    """The state of the servers behind this listener, cached for one second.

    `explain` returns why a server is away, in words for an operator.
    """

    def __init__(
        self,
        redis: RedisFigures,
        database: Database,
        processes: Processes,
        *,
        explain: Callable[[ServerAway], str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._database = database
        self._processes = processes
        self._explain = explain
        self._monotonic = monotonic
        self._reading = asyncio.Lock()
        self._parts: Parts = {}
        self._stale_at = float("-inf")

    async def parts(self) -> Parts:
        """`redis`, `database` and `workers`, each with `ok` and its `problems`."""
        async with self._reading:
            if self._monotonic() >= self._stale_at:
                self._parts = await self._read()
                self._stale_at = self._monotonic() + FRESH_FOR
            return self._parts

    async def _read(self) -> Parts:
        redis, database, workers = await asyncio.gather(
            self._read_part(_redis(self._redis.examine())),
            self._read_part(_database(self._database.examine())),
            self._read_part(_workers(self._processes.alive())),
        )
        if workers.get("alive") == 0 and not redis.get("writable"):
            workers["problems"] = ["Redis takes no heartbeats: whether a worker is alive cannot be told"]
        return {"redis": redis, "database": database, "workers": workers}

    async def _read_part(self, reading: Awaitable[Part]) -> Part:
        try:
            async with asyncio.timeout(_PATIENCE):
                return await reading
        except (ServerAway, TimeoutError) as error:
            why = self._explain(error) if isinstance(error, ServerAway) else "no answer in time"
            return {"ok": False, "error": kind_of_error(error), "problems": [why]}


async def _redis(reading: Awaitable[RedisFitness]) -> Part:
    fitness = await reading
    room = fitness.room
    return {
        "ok": not fitness.problems and room.refusal is None,
        "writable": room.refusal is None,
        "problems": [*fitness.problems, *room.problems()],
        "durability": {"wanted": fitness.wanted, **fitness.durability},
        "memory": {"used": room.memory.used, "max": room.memory.most, "ingress_stops_at": room.stop_at},
        "backlog": {"batches": fitness.batches, "jobs": fitness.jobs},
    }


async def _database(reading: Awaitable[DatabaseFitness]) -> Part:
    fitness = await reading
    return {
        "ok": fitness.is_fit,
        "problems": fitness.problems,
        "revision": fitness.revision,
        "newest": fitness.newest,
    }


async def _workers(reading: Awaitable[list[SeenHeartbeat]]) -> Part:
    count = sum(seen.heartbeat.role == "worker" for seen in await reading)
    problems = [] if count else ["no worker is alive: callbacks are accepted, but nothing is decided"]
    return {"ok": not problems, "problems": problems, "alive": count}
