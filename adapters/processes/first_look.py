"""Check a role's servers at its start and log what waiting does not fix, one line per setting.

The role starts nevertheless: a password change or a migration may finish while it runs.
"""

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from redis.asyncio import Redis

from adapters.postgres.sqlstate import DatabaseAway
from adapters.postgres.troubles import database_refuses, database_trouble
from adapters.redis.client import RedisAway, create_redis_pool, redis_away
from adapters.redis.troubles import redis_refuses, redis_trouble
from adapters.settings.settings import Settings

_PATIENCE: Final = timedelta(seconds=3)

log = structlog.get_logger(__name__)


async def look_at_servers(settings: Settings, *, database: bool) -> None:
    """Log `server.refuses` for each server that answers but cannot be used. Outages are logged elsewhere."""
    refusals = {"FACEID_REDIS_URL": await _refusal_of_redis(settings.redis_url)}
    if database:
        refusals["FACEID_DATABASE_URL"] = await _refusal_of_database(settings.database_url)
    for setting, detail in refusals.items():
        if detail:
            log.error("server.refuses", setting=setting, detail=detail)


async def _refusal_of_redis(url: str) -> str | None:
    pool = create_redis_pool(url, timeout=_PATIENCE)
    try:
        with redis_away():
            await Redis(connection_pool=pool).ping()
    except RedisAway as error:
        return redis_trouble(error) if redis_refuses(error) else None
    finally:
        await pool.disconnect()
    return None


async def _refusal_of_database(url: str) -> str | None:
    # The ingress needs none of these imports.
    from adapters.postgres.engine import create_engine  # noqa: PLC0415
    from adapters.postgres.schema import examine_database  # noqa: PLC0415

    engine = create_engine(url)
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            fitness = await examine_database(engine)
    except DatabaseAway as error:
        return database_trouble(error) if database_refuses(error) else None
    except TimeoutError:
        return None
    finally:
        await engine.dispose()
    if fitness.problems:
        return "; ".join(fitness.problems)
    if fitness.is_fit:
        return None
    return f"the schema is at revision {fitness.revision}, not {fitness.newest}: run `faceid-gateway migrate`"
