"""Take up again what was left: batches whose job was lost, verifications whose worker died or waits."""

import asyncio
from typing import Final

import structlog

from adapters.store.undecided import UndecidedVerification
from domain.errors import BrokenSeal, MalformedPayload, UndecodableCallback
from domain.payload import decode_payload
from workers.callbacks import bury
from workers.case import Case
from workers.context import WorkerContext
from workers.settlement import settle_safely

log = structlog.get_logger(__name__)

SPLIT_AFTER: Final = 3
BURY_AFTER: Final = 6
"""Starts after which a batch is split into single callbacks, and a single callback is a dead letter: it
keeps killing its worker. A batch that only waits behind others is never started, and so never suspected."""


async def sweep_inbox(context: WorkerContext) -> None:
    """Send every batch that rests untouched to a worker once more."""
    while stale := await context.inbox.claim_stale(untouched=context.sweep_after):
        await _send_again(context, stale)


async def _send_again(context: WorkerContext, stale: dict[str, int]) -> None:
    for batch_id, starts in stale.items():
        log.warning("batch.swept", batch_id=batch_id, attempts=starts)
        if starts <= SPLIT_AFTER:
            await context.queue.enqueue(batch_id, attempt=starts)
        else:
            await _isolate(context, batch_id, starts=starts)


async def _isolate(context: WorkerContext, batch_id: str, *, starts: int) -> None:
    """Find the callback that kills its worker: split the batch, in the end bury the callback."""
    try:
        callbacks = await context.inbox.load(batch_id) or []
    except BrokenSeal:
        # Kept: the missing master key may come back.
        log.exception("batch.unreadable", batch_id=batch_id)
        return
    if len(callbacks) > 1:
        parts = {f"{batch_id}-{index}": [callback] for index, callback in enumerate(callbacks)}
        await context.inbox.replace(batch_id, parts)
        for part_id in parts:
            await context.queue.enqueue(part_id)
    elif callbacks and starts > BURY_AFTER:
        await bury(context, callbacks[0], reason="kills_worker", detail=f"{starts} starts")
        await context.inbox.finish(batch_id)
    else:
        await context.queue.enqueue(batch_id, attempt=starts)


async def resume_undecided(context: WorkerContext) -> None:
    """Settle the verifications that are due: their worker died, or their result could not be had yet."""
    while due := await context.undecided.claim(now=context.clock(), lease=context.sweep_after):
        log.info("verifications.resumed", count=len(due))
        await asyncio.gather(*(_resume(context, item) for item in due))


async def _resume(context: WorkerContext, item: UndecidedVerification) -> None:
    try:
        payload = decode_payload(item.data)
    except (MalformedPayload, UndecodableCallback):
        # It was decodable when it was recorded, by another version of this code.
        log.exception("verification.undecodable", verification_id=str(item.verification_id))
        return
    case = Case(
        verification_id=item.verification_id,
        app_id=item.app_id,
        data_key=item.data_key,
        payload=payload,
        ended_at=item.ended_at,
        is_new=False,
    )
    await settle_safely(context, case)
