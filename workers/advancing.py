"""Advance verifications beside the recording of callbacks: a limited number per app, fed by `due_at`.

A verification that was just recorded is advanced from memory while its app has a free slot. All others are
due in PostgreSQL and claimed when a slot is free. So an app with a slow vendor fills only its own slots and
does not delay other apps.
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
from domain.limits.app_slots import AppSlots, bounded
from domain.verifications.records import Case, ClaimedVerifications
from usecases.context import WorkerContext
from usecases.verifications.advance import advance_safely, take_up

_AFTER_AN_OUTAGE: Final = timedelta(seconds=1)
PATIENCE: Final = 0.25
"""Seconds that recording waits for an app that is behind. An app that takes longer has a slow vendor."""

log = structlog.get_logger(__name__)


class Advancing:
    """Advances verifications, up to `at_once` of each app. `patience`: the maximum seconds of
    `wait_for_room`.
    """

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
        self._slots = AppSlots(context.apps, at_once=at_once)
        self._look_every = look_every
        self._patience = patience
        self._tasks: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._stopping = False

    def room(self) -> dict[str, int]:
        """The number of free slots of each configured app."""
        return {} if self._stopping else self._slots.free()

    def start(self, case: Case) -> None:
        """Advance a verification whose lease this worker holds."""
        self._spawn(case.app_id, advance_safely(self._context, case))

    def look(self) -> None:
        """Make `run` claim soon."""
        self._alarm.ring()

    def left_out(self, app_id: str) -> None:
        """A verification of this app found no slot and is due in PostgreSQL; it is claimed once a slot is
        free.
        """
        self._slots.left_out(app_id)
        self._feed(app_id)

    async def run(self) -> None:
        """Claim verifications as they become due, until stopped."""
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
                # A bug. The claimed verifications are due again when their lease ends.
                log.exception("settlement.failed")
                self._look_later(error)

    def _look_later(self, error: Exception) -> None:
        self._context.worker_stats.failed(error)
        self._alarm.ring_at(self._context.clock() + _AFTER_AN_OUTAGE)

    async def claim_due(self) -> bool:
        """Claim and advance due verifications, up to the free slots. Returns whether more are due that have
        a slot.
        """
        room = self._claimable()
        claimed = await self._claim(room)
        self._slots.claimed(room, claimed.full)
        self._moved.set()
        return any(self.room().get(app_id) for app_id in claimed.full)

    async def claim_silent(self, limit: int) -> None:
        """Claim up to `limit` due verifications without a callback, fairly among apps, and advance them.

        The limit exists because after an outage many tokens have expired at once, and a call that the vendor
        refuses for too many at once is spent too.
        """
        apps = {app_id for app_id, room in self.room().items() if room}
        while limit > 0 and apps:
            share = -(-limit // len(apps))
            room = {app_id: min(share, self.room().get(app_id, 0)) for app_id in apps}
            claimed = await self._claim(bounded(room), silent=True)
            limit -= len(claimed.opened)
            apps = {app_id for app_id in claimed.full if self.room().get(app_id)}

    async def claim_one(self, verification_id: UUID) -> None:
        """Advance this verification if it is due, or once its app has a free slot."""
        due = await self._context.due.claim_one(
            verification_id, list(self._claimable()), now=self._context.clock(), lease=self._context.lease
        )
        if due is not None:
            self._spawn(due.app_id, take_up(self._context, due))

    def stop(self) -> None:
        """Start nothing more; `run` returns when the current claim has ended."""
        self._stopping = True
        self._alarm.ring()

    async def wait_for_room(self) -> None:
        """While an app is behind, wait briefly for it to catch up.

        A verification without a slot is claimed and decrypted again later, which costs more. An app that
        does not catch up in that time has a slow vendor, and recording does not wait for it again until half
        its slots are free.
        """
        try:
            async with asyncio.timeout(self._patience):
                while self._slots.behind():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            self._slots.give_up_on(self._slots.behind())

    def _claimable(self) -> dict[str, int]:
        return {} if self._stopping else self._slots.claimable()

    async def idle(self) -> None:
        """Return when nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def end(self, *, grace: float) -> None:
        """Wait up to `grace` seconds for the verifications under way; the rest are due again when their lease
        ends.
        """
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
        self._slots.take(app_id)
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(app_id, done))

    def _ended(self, app_id: str, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        self._slots.give_back(app_id)
        self._moved.set()
        self._feed(app_id)

    def _feed(self, app_id: str) -> None:
        """Look for due verifications of an app that has free slots again."""
        if self._slots.feed(app_id):
            self._alarm.ring()
