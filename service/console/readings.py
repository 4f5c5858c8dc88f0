"""The figures of the first screen, read at most every few seconds however many people look at it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar

import msgspec
import structlog

from domain.errors import ServerAway, kind_of_error
from domain.views.operations.backlog import Backlog
from domain.views.operations.figures import StoreFigures
from domain.views.operations.processes import SeenHeartbeat
from domain.views.outcomes import HourOfOutcomes
from domain.views.reviews import WaitingCases
from usecases.ports.lookups import OutcomeCounts
from usecases.ports.reviews import ReviewStore
from usecases.ports.servers import Processes, RedisFigures, StoreReadings

FRESH_FOR: Final = 5.0
_PATIENCE: Final = 2.0

Reading = TypeVar("Reading")

log = structlog.get_logger(__name__)


class Readings(msgspec.Struct, frozen=True):
    """The figures of all apps; None for those whose server is away or slow."""

    backlog: Backlog | None
    alive: Sequence[SeenHeartbeat] | None
    store: StoreFigures | None
    cases: Sequence[WaitingCases] | None


class CachedReadings:
    """Reads the figures, for everybody at once."""

    def __init__(
        self,
        redis: RedisFigures,
        processes: Processes,
        store: StoreReadings,
        outcomes: OutcomeCounts,
        reviews: ReviewStore,
        *,
        app_ids: Sequence[str],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._processes = processes
        self._store = store
        self._outcomes = outcomes
        self._reviews = reviews
        self._app_ids = app_ids
        self._monotonic = monotonic
        self._reading = asyncio.Lock()
        self._counting: dict[tuple[str, ...], asyncio.Task[list[HourOfOutcomes]]] = {}
        self._last: Readings | None = None
        self._stale_at = float("-inf")

    async def read(self, now: datetime) -> Readings:
        """The figures at `now`, or a few seconds before."""
        async with self._reading:
            if self._last is None or self._monotonic() >= self._stale_at:
                self._last = await self._read(now)
                self._stale_at = self._monotonic() + FRESH_FOR
            return self._last

    async def outcomes(
        self, app_ids: Sequence[str], hours: Sequence[datetime], *, now: datetime
    ) -> list[HourOfOutcomes] | None:
        """The outcomes of these hours; None while a long count goes on, which the next call finds done."""
        key = tuple(app_ids)
        task = self._counting.get(key)
        if task is None or task.done():
            task = asyncio.create_task(self._outcomes.hours(app_ids, hours, now=now))
            self._counting = {name: each for name, each in self._counting.items() if not each.done()}
            self._counting[key] = task
        return await _or_none(asyncio.shield(task))

    async def _read(self, now: datetime) -> Readings:
        backlog, alive, store, cases = await asyncio.gather(
            _or_none(self._redis.backlog(now)),
            _or_none(self._processes.alive()),
            _or_none(self._store.read(now)),
            _or_none(self._waiting(now)),
        )
        return Readings(backlog, alive, store, cases)

    async def _waiting(self, now: datetime) -> Sequence[WaitingCases]:
        return (await self._reviews.figures(self._app_ids, now=now)).waiting


async def _or_none(reading: Awaitable[Reading]) -> Reading | None:
    """The reading; None if its server is away or slow."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await reading
    except (ServerAway, TimeoutError) as error:
        log.warning("console.incomplete", error=kind_of_error(error))
        return None
