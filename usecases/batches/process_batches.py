"""Process claimed batches: record their callbacks, and stop a batch that keeps killing its worker."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from enum import Enum
from typing import Final, Protocol

import structlog

from domain.errors import ServerAway
from domain.model import AcceptedCallback
from domain.verifications.records import Case, Claim, ClaimedBatch
from usecases.batches.record_callbacks import GroupRecorded, record_group, to_dead_letter
from usecases.context import WorkerContext

SPLIT_AFTER: Final = 3
DEAD_LETTER_AFTER: Final = 6
"""After this many starts, a batch keeps killing its worker: it is split into single callbacks, and a single
callback becomes a dead letter. A batch that only waits behind others is never started, and so never
suspected.
"""

PAUSE: Final = timedelta(seconds=5)
"""How long a batch is postponed after a server was away."""

_GROUP_TIMEOUT: Final = 40

log = structlog.get_logger(__name__)


class Verifications(Protocol):
    """Takes over verifications after they are recorded. No method waits."""

    def room(self) -> dict[str, int]:
        """The number of free slots of each configured app in this process."""

    def start(self, case: Case) -> None:
        """Take over a verification whose lease this process holds."""

    def left_out(self, app_id: str) -> None:
        """A verification of this app found no free slot here; it is due for any process."""


class _Step(Enum):
    """The next step for a claimed batch."""

    RECORD = "record"
    SET_ASIDE = "set aside"
    SPLIT = "split"
    DEAD_LETTER = "dead letter"


class BatchProcessing:
    """Claims groups of batches and records them, one group at a time.

    `claimed`: the batches being recorded, whose lease must be renewed.
    """

    def __init__(self, context: WorkerContext, verifications: Verifications) -> None:
        self._context = context
        self._verifications = verifications
        self._finished: list[str] = []
        self.claimed: list[str] = []

    async def process_group(self) -> int:
        """Claim a group and process it. Returns about how many batches still wait; 0 only if none does.

        Raises:
            ServerAway: Redis or PostgreSQL is away; the claimed batches are claimed again later.
            TimeoutError: PostgreSQL is too slow; as above.
        """
        claim = await self._claim()
        self.claimed = [batch.batch_id for batch in claim.batches]
        steps = [(batch, _step_of(batch)) for batch in claim.batches]
        try:
            for batch, step in steps:
                await self._take_out(batch, step)
            await self._record([batch for batch, step in steps if step is _Step.RECORD])
        finally:
            self.claimed = []
        return claim.left + sum(step is _Step.SPLIT for _, step in steps)

    async def forget_finished(self) -> None:
        """Remove recorded batches from the inbox, as the next claim would. Raises ServerAway."""
        if self._finished:
            await self._context.inbox.finish(self._finished)
            self._finished = []

    async def _claim(self) -> Claim:
        finished, self._finished = self._finished, []
        try:
            return await self._context.inbox.claim(lease=self._context.lease, finished=finished)
        except ServerAway:
            self._finished = finished
            raise

    async def _take_out(self, batch: ClaimedBatch, step: _Step) -> None:
        """Carry out any step except recording."""
        inbox, callbacks = self._context.inbox, batch.callbacks or []
        if callbacks and batch.starts:
            log.warning("batch.swept", batch_id=batch.batch_id, attempts=batch.starts)
        if step is _Step.SET_ASIDE:
            log.error("batch.unreadable", batch_id=batch.batch_id)
            await inbox.set_aside(batch.batch_id)
        elif step is _Step.SPLIT:
            await inbox.split(batch.batch_id, callbacks)
        elif step is _Step.DEAD_LETTER:
            await to_dead_letter(self._context, callbacks[0], "kills_worker", f"{batch.starts} starts")
            self._finished.append(batch.batch_id)

    async def _record(self, batches: Sequence[ClaimedBatch]) -> None:
        if not batches:
            return
        with self._context.worker_stats.under_way(len(batches)):
            whose = [(batch.batch_id, each) for batch in batches for each in batch.callbacks or ()]
            group = await self._record_callbacks(batches, [each for _, each in whose])
            self._hand_over(group)
            postponed = {whose[index][0] for index in group.failures}
            recorded = [batch for batch in batches if batch.batch_id not in postponed]
            await self._end(recorded, callbacks=len(whose), cases=len(group.cases))
            if postponed:
                await self._postpone(sorted(postponed))
            if not recorded:
                raise next(iter(group.failures.values()))

    async def _record_callbacks(
        self, batches: Sequence[ClaimedBatch], callbacks: Sequence[AcceptedCallback]
    ) -> GroupRecorded:
        try:
            async with asyncio.timeout(_GROUP_TIMEOUT):
                return await record_group(self._context, callbacks, room=self._verifications.room())
        except (ServerAway, TimeoutError):
            # A worker that reports its own time-out was not killed by any of these batches.
            await self._postpone([batch.batch_id for batch in batches])
            raise

    async def _postpone(self, batch_ids: Sequence[str]) -> None:
        # Never longer than two leases: a claim treats a later end as the result of a wrong clock.
        await self._context.inbox.postpone(batch_ids, pause=min(PAUSE, self._context.lease))

    def _hand_over(self, group: GroupRecorded) -> None:
        for case in group.cases:
            # From here on, the verification is due again by its `due_at` if this process dies.
            self._verifications.start(case)
        for app_id in group.left_out:
            self._verifications.left_out(app_id)

    async def _end(self, recorded: Sequence[ClaimedBatch], *, callbacks: int, cases: int) -> None:
        context = self._context
        for batch in recorded:
            if batch.is_retry:
                keys = [callback.key for callback in batch.callbacks or ()]
                await context.dead_letters.forget_retried(keys)
        self._finished += [batch.batch_id for batch in recorded]
        context.worker_stats.batches += len(recorded)
        if recorded:
            log.info("batch.recorded", callbacks=callbacks, count=cases)


def _step_of(batch: ClaimedBatch) -> _Step:
    if batch.callbacks is None:
        return _Step.SET_ASIDE
    if batch.starts > SPLIT_AFTER and len(batch.callbacks) > 1:
        return _Step.SPLIT
    return _Step.DEAD_LETTER if batch.starts > DEAD_LETTER_AFTER else _Step.RECORD
