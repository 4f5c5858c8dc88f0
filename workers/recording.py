"""Empty the inbox: claim a group of batches, record their callbacks, pass on what is to be settled.

One group at a time, so that groups grow with what waits, and a batch that kills its worker is soon claimed
alone. Recording waits for PostgreSQL and Redis, never for the vendor.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import Final

import structlog

from adapters.tasks.background import end_tasks
from domain.errors import ServerAway, kind_of_error
from domain.records import ClaimedBatch
from usecases.context import WorkerContext
from usecases.record_callbacks import GroupRecorded, bury, record_group
from workers.settling import Settling

SPLIT_AFTER: Final = 3
BURY_AFTER: Final = 6
"""Starts after which a batch is split into single callbacks, and a single callback is a dead letter: it keeps
killing its worker. A batch that only waits behind others is never started, and so never suspected."""

PAUSE: Final = timedelta(seconds=5)
"""How long a batch rests that met a server that is away."""

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_CYCLE_TIMEOUT: Final = 50
_GROUP_TIMEOUT: Final = 40
_HELP_EVERY: Final = 0.1
_RENEWALS: Final = 3
"""How often a claim is renewed within its lease."""

log = structlog.get_logger(__name__)


class Recording:
    """Records what waits in the inbox whenever it is woken."""

    def __init__(self, context: WorkerContext, settling: Settling) -> None:
        self._context = context
        self._settling = settling
        self._waking = asyncio.Event()
        self._claimed: list[str] = []
        self._finished: list[str] = []
        self._called_for_help = 0.0
        self._stopping = False
        self._failing = False

    def wake(self) -> None:
        """Something may wait."""
        self._waking.set()

    @property
    def is_woken(self) -> bool:
        """Whether something may wait."""
        return self._waking.is_set()

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the group under way is recorded."""
        self._stopping = True
        self._waking.set()

    async def run(self) -> None:
        """Record until stopped. A server that is away is tried again, at first soon, then every 5 s."""
        renewing = asyncio.create_task(self._renew_claims())
        try:
            await self._run()
        finally:
            await end_tasks(renewing)

    async def _run(self) -> None:
        pause = 0.0
        # This process may have the key that another one lacked.
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
        # Else another worker would take this one for dead, and claim each batch alone.
        await _try(self._forget_finished())

    async def _renew_claims(self) -> None:
        """Renew the lease of what is being recorded: a slow group is no dead worker's, however short the
        lease."""
        lease = self._context.lease
        while True:
            await asyncio.sleep(lease.total_seconds() / _RENEWALS)
            if self._claimed:
                await _try(self._context.inbox.renew(self._claimed, lease=lease))

    async def drain(self) -> bool:
        """Record all that waits; False: a server is away, or something failed that nobody foresaw."""
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
            # A defect of ours: what was claimed is claimed again when its lease ends.
            log.exception("batch.failed")
            self._context.tally.failed(error)
            return False
        return not self._failing

    def _away(self, error: BaseException) -> None:
        """Log an outage once, and count every failure."""
        self._context.tally.failed(error)
        if not self._failing:
            log.warning("batch.postponed", error=kind_of_error(error))
        self._failing = True

    async def record_some(self) -> int:
        """Claim a group and record it; about how many batches wait still.

        Raises:
            ServerAway: Redis or PostgreSQL is away; what was claimed is claimed again later.
        """
        context = self._context
        finished, self._finished = self._finished, []
        try:
            claim = await context.inbox.claim(lease=context.lease, finished=finished)
        except ServerAway:
            self._finished = finished
            raise
        self._claimed = [batch.batch_id for batch in claim.batches]
        try:
            await self._record_ready(claim.batches)
        finally:
            self._claimed = []
        if not claim.left:
            await self._forget_finished()
        else:
            await self._call_for_help()
            await self._settling.wait_for_room()
        return claim.left

    async def _record_ready(self, claimed: Sequence[ClaimedBatch]) -> None:
        ready = [batch for batch in claimed if await self._is_ready(batch)]
        if ready:
            with self._context.tally.under_way(len(ready)):
                await self._record(ready)

    async def _call_for_help(self) -> None:
        """Wake another worker, now and then."""
        now = asyncio.get_running_loop().time()
        if now >= self._called_for_help + _HELP_EVERY:
            self._called_for_help = now
            await self._context.inbox.wake_another()

    async def _forget_finished(self) -> None:
        if self._finished:
            await self._context.inbox.finish(self._finished)
            self._finished = []

    async def _is_ready(self, batch: ClaimedBatch) -> bool:
        """Whether the batch can be recorded as it is; else it is split, set aside or buried."""
        if batch.callbacks is None:
            log.error("batch.unreadable", batch_id=batch.batch_id)
            await self._context.inbox.set_aside(batch.batch_id)
            return False
        if batch.starts:
            log.warning("batch.swept", batch_id=batch.batch_id, attempts=batch.starts)
        if batch.starts > SPLIT_AFTER and len(batch.callbacks) > 1:
            await self._context.inbox.split(batch.batch_id, batch.callbacks)
            self.wake()
            return False
        if batch.starts > BURY_AFTER:
            await bury(self._context, batch.callbacks[0], "kills_worker", f"{batch.starts} starts")
            self._finished.append(batch.batch_id)
            return False
        return True

    async def _record(self, batches: Sequence[ClaimedBatch]) -> None:
        context = self._context
        whose = [(batch.batch_id, each) for batch in batches for each in batch.callbacks or ()]
        try:
            async with asyncio.timeout(_GROUP_TIMEOUT):
                group = await record_group(context, [each for _, each in whose], room=self._settling.room())
        except (ServerAway, TimeoutError):
            # A worker that can say that it takes too long was killed by none of these batches.
            await self._postpone([batch.batch_id for batch in batches])
            raise
        self._settle(group)
        postponed = {whose[index][0] for index in group.failures}
        recorded = [batch for batch in batches if batch.batch_id not in postponed]
        await self._end(recorded, callbacks=len(whose), cases=len(group.cases))
        if postponed:
            await self._postpone(sorted(postponed))
        if not recorded:
            raise next(iter(group.failures.values()))

    async def _postpone(self, batch_ids: Sequence[str]) -> None:
        # Never for longer than two leases: a claim takes what ends later for the work of a wrong clock.
        await self._context.inbox.postpone(batch_ids, pause=min(PAUSE, self._context.lease))

    def _settle(self, group: GroupRecorded) -> None:
        for case in group.cases:
            # From here on the verification's own due_at brings it back, should this process die.
            self._settling.start(case)
        for app_id in group.left_out:
            self._settling.left_out(app_id)

    async def _end(self, recorded: Sequence[ClaimedBatch], *, callbacks: int, cases: int) -> None:
        context = self._context
        for batch in recorded:
            if batch.is_retry:
                keys = [callback.key for callback in batch.callbacks or ()]
                await context.dead_letters.forget_retried(keys)
        self._finished += [batch.batch_id for batch in recorded]
        context.tally.batches += len(recorded)
        if recorded:
            log.info("batch.recorded", callbacks=callbacks, count=cases)


async def _try(work: Awaitable[object]) -> None:
    """Do work that something later makes up for: whatever fails, recording goes on."""
    try:
        await work
    except ServerAway:
        pass
    except Exception:
        log.exception("batch.failed")
