"""Take up again what was left: batches whose job was lost, verifications whose worker died or waits."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from domain.errors import BrokenSeal
from domain.records import DueVerification
from workers.callbacks import bury
from workers.context import WorkerContext
from workers.settlement import take_up

log = structlog.get_logger(__name__)

SPLIT_AFTER: Final = 3
BURY_AFTER: Final = 6
"""Starts after which a batch is split into single callbacks, and a single callback is a dead letter: it
keeps killing its worker. A batch that only waits behind others is never started, and so never suspected."""

_AT_ONCE: Final = 100
"""So many are claimed together: few enough to be settled within the lease."""


async def sweep_inbox(context: WorkerContext) -> None:
    """Send every batch that rests untouched to a worker once more."""
    while stale := await context.stale.claim_stale(untouched=context.lease):
        await _send_again(context, stale)


async def _send_again(context: WorkerContext, stale: dict[str, int]) -> None:
    for batch_id, starts in stale.items():
        log.warning("batch.swept", batch_id=batch_id, attempts=starts)
        if starts <= SPLIT_AFTER:
            await context.messenger.enqueue(batch_id, attempt=starts)
        else:
            await _isolate(context, batch_id, starts=starts)


async def _isolate(context: WorkerContext, batch_id: str, *, starts: int) -> None:
    """Find the callback that kills its worker: split the batch, in the end bury the callback."""
    try:
        callbacks = await context.stale.load(batch_id) or []
    except BrokenSeal:
        # Kept: the missing master key may come back.
        log.exception("batch.unreadable", batch_id=batch_id)
        return
    if len(callbacks) > 1:
        parts = {f"{batch_id}-{index}": [callback] for index, callback in enumerate(callbacks)}
        await context.stale.replace(batch_id, parts)
        for part_id in parts:
            await context.messenger.enqueue(part_id)
    elif callbacks and starts > BURY_AFTER:
        await bury(context, callbacks[0], "kills_worker", f"{starts} starts")
        await context.stale.finish(batch_id)
    else:
        await context.messenger.enqueue(batch_id, attempt=starts)


async def settle_due(context: WorkerContext) -> None:
    """Settle the verifications that are due: their worker died, or what they wait for may be there now.

    Those about which nothing is heard come last and at a bounded rate: after an outage many tokens have
    expired at once, and calls that the vendor refuses for their number are spent all the same.
    """
    while due := await context.due.claim(now=context.clock(), lease=context.lease):
        await _settle_all(context, due)
    left = context.silent_per_sweep
    while left > 0 and (due := await _claim_silent(context, left)):
        left -= len(due)
        await _settle_all(context, due)


async def _claim_silent(context: WorkerContext, limit: int) -> list[DueVerification]:
    return await context.due.claim(
        now=context.clock(), lease=context.lease, limit=min(limit, _AT_ONCE), silent=True
    )


async def _settle_all(context: WorkerContext, due: Sequence[DueVerification]) -> None:
    log.info("verifications.due", count=len(due))
    await asyncio.gather(*(take_up(context, item) for item in due))
