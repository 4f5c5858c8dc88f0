"""Deliver events to endpoints, beside recording and advancing or in a process of its own.

A hint wakes it at once; without one it looks each second. What it has in hand is due again at the end of its
lease, so nothing depends on this process.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog

from adapters.tasks.background import end_tasks, in_background
from domain.errors import ServerAway, kind_of_error
from domain.events.webhooks.delivery import KEPT_FOR, ClaimedDelivery
from domain.events.webhooks.endpoint import Endpoint
from usecases.events.webhooks.deliver import deliver
from usecases.events.webhooks.sending import SenderContext

AT_ONCE: Final = 512
"""Attempts of one process at once."""

LOOK_EVERY: Final = timedelta(seconds=1)
SWEEP_EVERY: Final = timedelta(seconds=10)
_EVENTS: Final = 500
_CLEARED: Final = 1000
_PACE: Final = 0.25
"""Seconds after which an endpoint with a rate is looked at again."""

_APART: Final = 0.01
"""Seconds between two looks while deliveries are under way: what ends in between is claimed as one group."""

BESIDE: Final = 16
BESIDE_EVERY: Final = 0.2
"""While decisions wait, this many deliveries are claimed in this many seconds."""

log = structlog.get_logger(__name__)


def _never() -> bool:
    return False


class Delivering:
    """Fans out new events, claims what is due, and sends up to `at_once` of it at the same time."""

    def __init__(
        self, context: SenderContext, *, at_once: int = AT_ONCE, look_every: timedelta = LOOK_EVERY
    ) -> None:
        self._context = context
        self._at_once = at_once
        self._look_every = look_every.total_seconds()
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._news = asyncio.Event()
        self._news.set()
        self._look_at = 0.0
        self._looked_at = 0.0
        self._took_news_at = float("-inf")
        self._decisions_wait: Callable[[], bool] = _never
        self._stopping = False

    def give_way(self, while_: Callable[[], bool]) -> None:
        """Deliver little while this says that decisions wait for this process."""
        self._decisions_wait = while_

    def wake(self) -> None:
        """Events may be new."""
        self._news.set()
        self._moved.set()

    def status(self) -> dict[str, object]:
        """What the heartbeat says of it."""
        return self._context.stats.status()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the claim under way has ended."""
        self._stopping = True
        self._moved.set()

    async def run(self) -> None:
        """Deliver until stopped. A server that is away is tried again each second."""
        async with in_background(self._sweep()):
            await self._run()

    async def _run(self) -> None:
        is_away = False
        while not self._stopping:
            try:
                await self._keep_apart()
                await self.deliver_due()
                is_away = False
            except ServerAway as error:
                if not is_away:
                    log.warning("deliveries.postponed", error=kind_of_error(error))
                is_away = True
                self._news.set()
            except Exception:
                # A bug: what was claimed is due again when its lease ends.
                log.exception("deliveries.broken")
            await self._wait()

    async def deliver_due(self) -> None:
        """Fan out what is new, claim what is due as far as there is room, and start it."""
        self._moved.clear()
        context = self._context
        self._looked_at = context.monotonic()
        # Also without a hint, and though ends of deliveries wake this before any pause is over.
        if self._looked_at >= self._look_at:
            self._news.set()
            self._look_at = self._looked_at + self._look_every
        while self._news.is_set():
            await self._take_news()
        while (room := self._room()) > 0 and not self._stopping:
            claimed = await context.deliveries.claim(
                now=context.clock(), lease=context.lease, room=room, apps=context.apps
            )
            if claimed:
                await self._start(claimed)
            if len(claimed) < room or self._decisions_wait():
                return

    def _room(self) -> int:
        return min(self._at_once - len(self._tasks), BESIDE if self._decisions_wait() else self._at_once)

    async def _take_news(self) -> None:
        self._news.clear()
        made = await self._context.deliveries.fan_out(now=self._context.clock(), limit=_EVENTS)
        if made.events:
            self._took_news_at = self._looked_at
        if made.more:
            self._news.set()

    async def _keep_apart(self) -> None:
        """Wait until some time after the last look. Where nothing is under way, nothing is to be grouped.

        News wait for the last news alone: an attempt that hangs would delay every event behind a look at
        what has ended, or at nothing.
        """
        if self._decisions_wait():
            await self._rest(self._looked_at + BESIDE_EVERY)
        elif self._tasks:
            await self._rest(self._looked_at + _APART, unless=self._news)
            if self._news.is_set():
                await self._rest(self._took_news_at + _APART)

    async def _rest(self, until: float, *, unless: asyncio.Event | None = None) -> None:
        seconds = until - self._context.monotonic()
        if seconds <= 0 or (unless is not None and unless.is_set()):
            return
        waits: list[asyncio.Task[Any]] = [asyncio.ensure_future(self._context.sleep(seconds))]
        if unless is not None:
            waits.append(asyncio.ensure_future(unless.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks(*waits)

    async def clear_away(self) -> None:
        """End what nobody wants any more, and delete what is old."""
        deliveries, now = self._context.deliveries, self._context.clock()
        while await deliveries.end_unwanted(now=now, limit=_CLEARED) >= _CLEARED:
            pass
        while await deliveries.delete_old(before=now - KEPT_FOR, limit=_CLEARED) >= _CLEARED:
            pass

    async def idle(self) -> None:
        """Return when nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def end(self, *, grace: float) -> None:
        """Wait up to `grace` seconds for what is under way; the rest is due again when its lease ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self.idle()
        await end_tasks(*self._tasks)

    async def _start(self, claimed: Sequence[ClaimedDelivery]) -> None:
        changed_at = {each.lease.endpoint_id: each.changed_at for each in claimed}
        endpoints = await self._context.receivers.of(changed_at)
        for each in claimed:
            task = asyncio.create_task(self._deliver(each, endpoints.get(each.lease.endpoint_id)))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        rates = [each.settings.max_rate for each in endpoints.values() if each.settings.max_rate]
        if rates:
            asyncio.get_running_loop().call_later(max(_PACE, 1 / max(rates)), self._moved.set)

    async def _deliver(self, claimed: ClaimedDelivery, endpoint: Endpoint | None) -> None:
        try:
            await deliver(self._context, claimed, endpoint)
        except ServerAway as error:
            log.warning("deliveries.postponed", error=kind_of_error(error))
        except Exception:
            log.exception("deliveries.broken")

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # There is room again, and the next one of the same verification may go.
        self._moved.set()

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._look_every):
                await self._moved.wait()

    async def _sweep(self) -> None:
        while True:
            try:
                await self.clear_away()
            except ServerAway as error:
                log.warning("sweep.failed", job_id="clear_deliveries", error=kind_of_error(error))
            except Exception:
                log.exception("deliveries.broken")
            await asyncio.sleep(SWEEP_EVERY.total_seconds())
