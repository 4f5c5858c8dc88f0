"""Compose the ingress: the only module of the public listener that builds adapters."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import structlog
from fastapi import FastAPI

from adapters.intake.inbox_gate import InboxGate
from adapters.intake.intake import DurableIntake
from adapters.intake.queue import create_queue
from adapters.intake.return_hints import RedisReturnHints
from adapters.intake.spool.spool import Spool
from adapters.outbound.vendor.accounts import open_accounts
from adapters.processes.heartbeats import beating
from adapters.processes.process import ProcessContext
from adapters.processes.supervisor_link import SupervisorLink
from adapters.redis.client import RedisAway
from adapters.redis.durability import NotDurableYet, check_durability
from adapters.redis.troubles import redis_trouble
from adapters.redis.watch import RedisWatch
from adapters.settings.settings import Settings
from domain.errors import SettingsError
from domain.limits.throttle import Rate, Throttle
from service.http.lifecycle import Lifecycle
from service.http.serving import limits_of, serve
from service.ingress.acceptance import IngressContext
from service.ingress.app import IngressApp
from service.ingress.metrics import serving_metrics
from service.ingress.return_hints import ThrottledReturnHints
from service.ingress.stats import IngressStats

_BURST_SECONDS: Final = 10
"""A burst of return hints may have this many seconds' worth."""

log = structlog.get_logger(__name__)


def run(settings: Settings, *, host: str, port: int, supervisor: SupervisorLink | None = None) -> None:
    """Serve the ingress until a signal, or until the supervisor has another process for its place.

    Raises:
        SettingsError: Redis could lose writes and there is no spool, or its folder cannot be used.
    """
    asyncio.run(_check_redis(settings))
    # SIGHUP to all roles reloads policies. The ingress has none, and must not die from the signal.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    lifecycle = Lifecycle()
    app = build(settings, lifecycle, supervisor)
    serve(
        app,
        host=host,
        port=port,
        lifecycle=lifecycle,
        shutdown_delay=settings.shutdown_delay,
        limits=limits_of(settings, body_bytes=settings.max_body_bytes),
        supervisor=supervisor,
    )


def build(settings: Settings, lifecycle: Lifecycle, supervisor: SupervisorLink | None = None) -> FastAPI:
    """The ingress with real adapters. Raises SettingsError."""
    process = ProcessContext.of(settings, timeout=timedelta(seconds=settings.inbox_timeout))
    watch = _create_watch(settings, process)
    intake = _create_intake(settings, process, watch, lifecycle)
    apps = settings.domain_apps()
    open_accounts(apps)
    hint_pool = process.create_pool(max_connections=4)
    names = process.names
    return_hints = RedisReturnHints(
        create_queue(hint_pool, names=names),
        grace=timedelta(seconds=settings.nudge_grace),
        names=names,
        has_room=lambda: watch.usable,
    )
    context = IngressContext(
        apps=apps,
        intake=intake,
        max_body_bytes=settings.max_body_bytes,
        clock=lambda: datetime.now(UTC),
        return_hints=ThrottledReturnHints(return_hints, _create_throttle(settings), monotonic=time.monotonic),
        lifecycle=lifecycle,
        stats=IngressStats.of(apps),
    )

    def status() -> dict[str, object]:
        return msgspec.structs.asdict(intake.status()) | context.stats.status()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await intake.start()
        every = timedelta(seconds=settings.heartbeat_every)
        async with beating(process.redis, "ingress", every=every, status=status, names=names) as process_id:
            with _publishing(settings, supervisor, process_id, status):
                yield
        await intake.aclose()
        await return_hints.aclose()
        await hint_pool.disconnect()
        await process.aclose()

    return create_app(context, lifespan=lifespan)


def create_app(context: IngressContext, *, lifespan: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """The ingress with the given context."""
    return IngressApp(context, lifespan=lifespan)


def _publishing(
    settings: Settings,
    supervisor: SupervisorLink | None,
    process_id: str,
    status: Callable[[], Mapping[str, object]],
) -> AbstractContextManager[None]:
    """This process's own metrics page, or the supervisor's, which is about all processes."""
    if supervisor is not None:
        return supervisor.reporting(process_id, status)
    host, port = settings.ingress_metrics_host, settings.ingress_metrics_port
    return serving_metrics(host, port, statuses=lambda: {process_id: status()})


def _create_watch(settings: Settings, process: ProcessContext) -> RedisWatch:
    return RedisWatch(
        process.redis,
        durability=settings.durability,
        timeout=timedelta(seconds=settings.inbox_timeout),
        memory_rules=settings.memory_rules(),
        names=process.names,
    )


def _create_intake(
    settings: Settings, process: ProcessContext, watch: RedisWatch, lifecycle: Lifecycle
) -> DurableIntake:
    timeout = timedelta(seconds=settings.inbox_timeout)
    spool = None
    if settings.spool_dir is not None:
        spool = Spool.open(settings.spool_dir, max_bytes=settings.spool_max_bytes)
    return DurableIntake(
        InboxGate(process.redis, watch, timeout=timeout, names=process.names),
        keys=process.keys,
        spool=spool,
        drain_rate=settings.spool_drain_rate,
        max_waiting=settings.max_waiting,
        on_broken=lifecycle.fail,
    )


def _create_throttle(settings: Settings) -> Throttle:
    return Throttle(each=_rate(settings.nudge_address_rate), together=_rate(settings.nudge_rate))


def _rate(per_second: float) -> Rate:
    return Rate(per_second, burst=max(1, per_second * _BURST_SECONDS))


async def _check_redis(settings: Settings) -> None:
    """Check Redis. An unusable Redis does not prevent the start if there is a spool, or if waiting helps: the
    ingress checks again before it writes.

    Raises:
        SettingsError: Redis could lose writes, and there is no spool.
    """
    try:
        async with ProcessContext.of(settings, timeout=timedelta(seconds=2)) as process:
            await check_durability(process.redis, settings.durability, names=process.names)
    except RedisAway as error:
        log.warning("redis.away", error=error.kind, detail=redis_trouble(error))
    except SettingsError as error:
        if settings.spool_dir is None and not isinstance(error, NotDurableYet):
            raise
        log.error("redis.not_durable", detail=str(error))  # noqa: TRY400 - the message needs no traceback
