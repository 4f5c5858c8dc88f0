"""Is the process up, and are the servers behind it fit for the promise?"""

import asyncio
from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import JSONResponse, PlainTextResponse, Response

from adapters.postgres.revisions import newest_revision
from adapters.postgres.schema import examine_database
from adapters.postgres.sqlstate import DatabaseAway
from adapters.processes.troubles import database_trouble, redis_trouble
from adapters.redis.client import RedisAway
from adapters.redis.durability import durability_problems, read_durability
from adapters.redis.memory import read_room
from domain.errors import kind_of_error
from service.api.access.pace import PacedRoute
from service.api.context import ApiContext, Context
from service.api.readiness import Parts

router = APIRouter(tags=["health"], route_class=PacedRoute)

_PATIENCE = 3.0


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"description": "A server behind this one is away or out of date"}})
async def readyz(context: Context) -> Response:
    """Redis and the durability in force, the database and its revision, the backlog, the live workers.

    It is ready without workers, because lookups need none; `problems` and a metric report that.
    """
    if context.lifecycle.draining:
        return JSONResponse({"status": "draining"}, 503)
    parts = await context.readiness.parts(lambda: _read(context))
    ready = parts["redis"]["ok"] and parts["database"]["ok"]
    return JSONResponse({"status": "ready" if ready else "not_ready", **parts}, 200 if ready else 503)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(context: Context) -> Response:
    """Prometheus metrics (docs/reference/metrics.md). What cannot be read is left out."""
    return Response(await context.metrics.page(), media_type=CONTENT_TYPE_PLAIN_0_0_4)


async def _read(context: ApiContext) -> Parts:
    redis, database, workers = await asyncio.gather(_redis(context), _database(context), _workers(context))
    if workers.get("alive") == 0 and not redis.get("writable"):
        workers["problems"] = ["Redis takes no heartbeats: whether a worker is alive cannot be told"]
    return {"redis": redis, "database": database, "workers": workers}


async def _redis(context: ApiContext) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_PATIENCE):
            in_force = await read_durability(context.redis, names=context.names)
            room = await read_room(context.redis, context.memory_rules, names=context.names)
            backlog = {"batches": await context.inbox.depth(), "jobs": await context.queue.depth()}
    except (RedisAway, TimeoutError) as error:
        return _unusable(error)
    problems = durability_problems(in_force, context.durability)
    return {
        "ok": not problems and room.refusal is None,
        "writable": room.refusal is None,
        "problems": [*problems, *room.problems()],
        "durability": {"wanted": context.durability, **in_force},
        "memory": {"used": room.memory.used, "max": room.memory.most, "ingress_stops_at": room.stop_at},
        "backlog": backlog,
    }


async def _database(context: ApiContext) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_PATIENCE):
            fitness = await examine_database(context.engine)
    except (DatabaseAway, TimeoutError) as error:
        return _unusable(error)
    revision, problems, newest = fitness.revision, fitness.problems, newest_revision()
    ready = revision == newest and not problems
    return {"ok": ready, "problems": problems, "revision": revision, "newest": newest}


async def _workers(context: ApiContext) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_PATIENCE):
            alive = await context.heartbeats.alive()
    except (RedisAway, TimeoutError) as error:
        return _unusable(error)
    count = sum(seen.heartbeat.role == "worker" for seen in alive)
    problems = [] if count else ["no worker is alive: callbacks are accepted, but nothing is decided"]
    return {"ok": not problems, "problems": problems, "alive": count}


def _unusable(error: RedisAway | DatabaseAway | TimeoutError) -> dict[str, Any]:
    return {"ok": False, "error": kind_of_error(error), "problems": [_trouble(error)]}


def _trouble(error: RedisAway | DatabaseAway | TimeoutError) -> str:
    match error:
        case RedisAway():
            return redis_trouble(error)
        case DatabaseAway():
            return database_trouble(error)
    return "no answer in time"
