"""Advance verifications beside the recording of callbacks: a limited number per app, fed by `due_at`.

What was just recorded is advanced from memory while its app has room. All else is due in PostgreSQL and
claimed when there is room again, so an app whose vendor is slow fills its own room and holds up no other.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from adapters.tasks.background import end_tasks
from domain.errors import ServerAway, kind_of_error
from domain.limits.app_places import AppPlaces, bounded
from domain.records import Case, ClaimedVerifications
from usecases.context import WorkerContext
from usecases.verifications.advance import advance_safely, take_up

_AFTER_AN_OUTAGE: Final = timedelta(seconds=1)
PATIENCE: Final = 0.25
"""Seconds that recording waits for an app that is behind. One that takes longer has a slow vendor."""

log = structlog.get_logger(__name__)


class Advancing:
    """Advances verifications, up to `at_once` of each app. `patience`: how many seconds `wait_for_room` takes
    at most."""

    def __init__(
        self,
        context: WorkerContext,
        *,
        at_once: int,
        look_every: timedelta,
        patience: float = PATIENCE,
    ) -> None:
        self._context = context
        self._alarm = context.alarm
        self._places = AppPlaces(context.apps, at_once=at_once)
        self._look_every = look_every
        self._patience = patience
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._stopping = False

    def room(self) -> dict[str, int]:
        """How many more verifications each configured app may have under way."""
        return {} if self._stopping else self._places.free()

    def start(self, case: Case) -> None:
        """Advance a verification that this worker has the lease of."""
        self._spawn(case.app_id, advance_safely(self._context, case))

    def look(self) -> None:
        """Claim what is due, soon."""
        self._alarm.ring()

    def left_out(self, app_id: str) -> None:
        """A verification of an app without room was left in PostgreSQL: claim it once there is room."""
        self._places.left_out(app_id)
        self._feed(app_id)

    async def run(self) -> None:
        """Claim what is due whenever it becomes so, until stopped."""
        is_away = False
        while not self._stopping:
            await self._alarm.wait(longest=self._look_every)
            try:
                while await self.claim_due():
                    pass
                is_away = False
            except ServerAway as error:
                if not is_away:
                    log.warning("settlement.postponed", error=kind_of_error(error))
                is_away = True
                self._look_later(error)
            except Exception as error:
                # A defect of ours: what was claimed is due again when its lease ends.
                log.exception("settlement.failed")
                self._look_later(error)

    def _look_later(self, error: Exception) -> None:
        self._context.worker_stats.failed(error)
        self._alarm.ring_at(self._context.clock() + _AFTER_AN_OUTAGE)

    async def claim_due(self) -> bool:
        """Claim what is due as far as there is room, and advance it; whether more is due that has room."""
        room = self._claimable()
        claimed = await self._claim(room)
        self._places.claimed(room, claimed.full)
        self._moved.set()
        return any(self.room().get(app_id) for app_id in claimed.full)

    async def claim_silent(self, limit: int) -> None:
        """Claim up to `limit` due verifications without a callback, fairly among apps, and advance them.

        After an outage many tokens have expired at once, and a call that the vendor refuses for their number
        is spent all the same: hence the limit.
        """
        apps = {app_id for app_id, room in self.room().items() if room}
        while limit > 0 and apps:
            share = -(-limit // len(apps))
            room = {app_id: min(share, self.room().get(app_id, 0)) for app_id in apps}
            claimed = await self._claim(bounded(room), silent=True)
            limit -= len(claimed.opened)
            apps = {app_id for app_id in claimed.full if self.room().get(app_id)}

    async def claim_one(self, verification_id: UUID) -> None:
        """Advance this verification, if it is due; where its app has no room, once it has."""
        due = await self._context.due.claim_one(
            verification_id, list(self._claimable()), now=self._context.clock(), lease=self._context.lease
        )
        if due is not None:
            self._spawn(due.app_id, take_up(self._context, due))

    def stop(self) -> None:
        """Begin nothing more; `run` returns when the claim under way has ended."""
        self._stopping = True
        self._alarm.ring()

    async def wait_for_room(self) -> None:
        """While an app is behind, wait a moment for it to get on.

        What finds no place is claimed and decrypted again later, which costs more. An app that did not get
        on in that moment has a slow vendor: nobody waits for it until half its places are free.
        """
        try:
            async with asyncio.timeout(self._patience):
                while self._places.behind():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            self._places.give_up_on(self._places.behind())

    def _claimable(self) -> dict[str, int]:
        return {} if self._stopping else self._places.claimable()

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

    async def _claim(self, room: Mapping[str, int], *, silent: bool = False) -> ClaimedVerifications:
        if not room:
            return ClaimedVerifications([])
        context = self._context
        claimed = await context.due.claim(room, now=context.clock(), lease=context.lease, silent=silent)
        if claimed.opened:
            log.info("verifications.due", count=len(claimed.opened))
        for due in claimed.opened:
            self._spawn(due.app_id, take_up(context, due))
        return claimed

    def _spawn(self, app_id: str, work: Awaitable[None]) -> None:
        self._places.take(app_id)
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(app_id, done))

    def _ended(self, app_id: str, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        self._places.give_back(app_id)
        self._moved.set()
        self._feed(app_id)

    def _feed(self, app_id: str) -> None:
        """Look for what is due where a place is free again."""
        if self._places.feed(app_id):
            self._alarm.ring()
