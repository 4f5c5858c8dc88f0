"""Compose the ingress: the only place of the public listener that knows concrete adapters."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from fastapi import FastAPI
from redis.asyncio import Redis

from adapters.envelope import KeyRing
from adapters.heartbeats import beating
from adapters.inbox import RedisInbox
from adapters.intake import DurableIntake
from adapters.queue import BatchQueue, create_queue
from adapters.redis_client import REDIS_AWAY, check_durability, create_redis_pool
from adapters.settings import Settings
from service.ingress.acceptance import IngressContext
from service.ingress.app import IngressApp
from service.serving import serve

log = structlog.get_logger(__name__)


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve the ingress until a signal.

    Raises:
        SettingsError: Redis would lose what it takes.
    """
    asyncio.run(_check_redis(settings))
    # Whoever sends it to all roles means the policies, of which this one has none; it must not die of it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    serve(build(settings), host=host, port=port)


def build(settings: Settings) -> FastAPI:
    """The ingress on real adapters."""
    timeout = timedelta(seconds=settings.inbox_timeout)
    pool = create_redis_pool(settings.redis_url, timeout=timeout)
    redis = Redis(connection_pool=pool)
    intake = DurableIntake(
        redis,
        inbox=RedisInbox(redis, keys=KeyRing(settings.key_bytes())),
        queue=BatchQueue(create_queue(pool)),
        durability=settings.durability,
        timeout=timeout,
    )
    context = IngressContext(
        apps=settings.domain_apps(),
        intake=intake,
        max_body_bytes=settings.max_body_bytes,
        body_timeout=settings.body_timeout,
        clock=lambda: datetime.now(UTC),
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with beating(redis, "ingress", every=timedelta(seconds=settings.heartbeat_every)):
            yield
        await intake.aclose()
        await pool.disconnect()

    return create_app(context, lifespan=lifespan)


def create_app(context: IngressContext, *, lifespan: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """The ingress over any context."""
    return IngressApp(context, lifespan=lifespan)


async def _check_redis(settings: Settings) -> None:
    """A Redis that is away now is no reason not to start: the ingress checks again before it writes."""
    pool = create_redis_pool(settings.redis_url, timeout=timedelta(seconds=2))
    try:
        await check_durability(Redis(connection_pool=pool), settings.durability)
    except REDIS_AWAY as error:
        log.warning("redis.away", error=type(error).__name__)
    finally:
        await pool.disconnect()
