"""Drain the inbox: claim a group of batches, record their callbacks, pass on the verifications to advance.

One group at a time, so that groups grow with the backlog, and a batch that kills its worker is soon claimed
alone. Recording waits for PostgreSQL and Redis, never for the vendor.
"""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final

import structlog

from adapters.tasks.background import in_background
from domain.errors import ServerAway, kind_of_error
from usecases.batches.process_batches import BatchProcessing
from usecases.context import WorkerContext
from workers.advancing import Advancing

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_CYCLE_TIMEOUT: Final = 50
_HELP_EVERY: Final = 0.1
_RENEWALS: Final = 3
"""How often a claim is renewed within its lease."""

log = structlog.get_logger(__name__)


class Recording:
    """Records waiting batches whenever it is woken."""

    def __init__(self, context: WorkerContext, advancing: Advancing) -> None:
        self._context = context
        self._advancing = advancing
        self._batches = BatchProcessing(context, advancing)
        self._waking = asyncio.Event()
        self._called_for_help = 0.0
        self._stopping = False
        self._failing = False
        self._left = 0

    def wake(self) -> None:
        """Note that a batch may be waiting."""
        self._waking.set()

    @property
    def is_behind(self) -> bool:
        """Whether batches waited behind the last group."""
        return self._left > 0

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the current group is recorded."""
        self._stopping = True
        self._waking.set()

    async def run(self) -> None:
        """Record until stopped. If a server is away, retry soon at first, then every 5 s."""
        async with in_background(self._renew_claims()):
            await self._run()

    async def _run(self) -> None:
        pause = 0.0
        # This process may have a key that another one lacked.
        await _try(self._context.inbox.take_back(after=timedelta(0)))
        self._waking.set()
        while not self._stopping:
            await self._waking.wait()
            self._waking.clear()
            if await self.drain():
                pause = 0.0
                continue
            pause = min(max(2 * pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            await asyncio.sleep(pause)
            self._waking.set()
        # Otherwise another worker would consider this one dead, and claim each batch alone.
        await _try(self._batches.forget_finished())

    async def _renew_claims(self) -> None:
        """Renew the lease of the batches being recorded, so that a slow group does not look like a dead
        worker's.
        """
        lease = self._context.lease
        while True:
            await asyncio.sleep(lease.total_seconds() / _RENEWALS)
            if claimed := self._batches.claimed:
                await _try(self._context.inbox.renew(claimed, lease=lease))

    async def drain(self) -> bool:
        """Record all waiting batches. False: a server is away, or something failed unexpectedly."""
        try:
            while not self._stopping:
                async with asyncio.timeout(_CYCLE_TIMEOUT):
                    left = await self.record_some()
                if not left:
                    break
            self._failing = False
        except (ServerAway, TimeoutError) as error:
            self._away(error)
        except Exception as error:
            # A bug. The claimed batches are claimed again when their lease ends.
            log.exception("batch.failed")
            self._context.worker_stats.failed(error)
            return False
        return not self._failing

    def _away(self, error: BaseException) -> None:
        """Log an outage once, and count every failure."""
        self._left = 0
        self._context.worker_stats.failed(error)
        if not self._failing:
            log.warning("batch.postponed", error=kind_of_error(error))
        self._failing = True

    async def record_some(self) -> int:
        """Claim a group and record it; returns about how many batches still wait.

        Raises:
            ServerAway: Redis or PostgreSQL is away; the claimed batches are claimed again later.
        """
        left = self._left = await self._batches.process_group()
        if left:
            await self._call_for_help()
            await self._advancing.wait_for_room()
        else:
            await self._batches.forget_finished()
        return left

    async def _call_for_help(self) -> None:
        """Wake another worker, at limited intervals."""
        now = asyncio.get_running_loop().time()
        if now >= self._called_for_help + _HELP_EVERY:
            self._called_for_help = now
            await self._context.inbox.wake_another()


async def _try(work: Awaitable[object]) -> None:
    """Do work that a later sweep would do too; recording continues whatever fails."""
    try:
        await work
    except ServerAway:
        pass
    except Exception:
        log.exception("batch.failed")
