"""The metrics page for Prometheus.

The figures are read at most every five seconds and by one reader at a time, however many scrapes arrive.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar

import structlog

from domain.errors import ServerAway, kind_of_error
from domain.identity.retention import Due
from service.api.metrics import families as metric_families
from service.api.metrics.families import Readings
from service.metric_text import render
from usecases.ports.servers import Processes, RedisFigures, StoreReadings

FRESH_FOR: Final = 5.0
_PATIENCE: Final = 3.0

Reading = TypeVar("Reading")

log = structlog.get_logger(__name__)


class MetricsPage:
    """The page, cached for `FRESH_FOR` seconds of `monotonic`. `overdue`: what should have been erased."""

    def __init__(
        self,
        redis: RedisFigures,
        store: StoreReadings,
        processes: Processes,
        *,
        app_ids: tuple[str, ...],
        overdue: Callable[[], Awaitable[Sequence[Due]]] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._store = store
        self._processes = processes
        self._app_ids = app_ids
        self._overdue = overdue
        self._monotonic = monotonic
        self._reading = asyncio.Lock()
        self._page = b""
        self._stale_at = float("-inf")

    async def page(self) -> bytes:
        """The page in Prometheus's text format."""
        async with self._reading:
            if self._monotonic() >= self._stale_at:
                self._page = render(metric_families.describe(await self._read()))
                self._stale_at = self._monotonic() + FRESH_FOR
            return self._page

    async def _read(self) -> Readings:
        now = datetime.now(UTC)
        backlog, room, alive, store = await asyncio.gather(
            _or_none(self._redis.backlog(now)),
            _or_none(self._redis.room()),
            _or_none(self._processes.alive()),
            _or_none(self._store.read(now)),
        )
        overdue = None if self._overdue is None else await _or_none(self._overdue())
        return Readings(self._app_ids, backlog, room, alive, store, overdue)


async def _or_none(reading: Awaitable[Reading]) -> Reading | None:
    """The reading; None if its server is away or slow."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await reading
    except (ServerAway, TimeoutError) as error:
        log.warning("metrics.incomplete", error=kind_of_error(error))
        return None
