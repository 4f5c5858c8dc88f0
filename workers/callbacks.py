"""Process a batch: record every callback of it, then settle the verifications that became due by it.

Every callback is on its own: one that cannot be understood becomes a dead letter and holds up nobody.
"""

import asyncio
from collections.abc import Sequence

import structlog

from adapters.database import DATABASE_AWAY
from adapters.dead_letter_retries import is_retry
from adapters.redis_client import REDIS_AWAY
from domain.errors import MalformedPayload, UndecodableCallback
from domain.model import AcceptedCallback
from domain.payload import Payload, decode_payload
from domain.records import Case
from workers.context import WorkerContext
from workers.settlement import settle_safely

log = structlog.get_logger(__name__)

AWAY = (*REDIS_AWAY, *DATABASE_AWAY)
"""Redis or PostgreSQL cannot be reached: nothing is wrong with the callback, so it is tried again."""


async def process_batch(context: WorkerContext, batch_id: str) -> None:
    """Take a batch from the inbox to decisions; harmless when it was processed before.

    Raises:
        RedisError, DBAPIError, OSError: a server is away; the batch stays in the inbox.
    """
    callbacks = await context.inbox.start(batch_id)
    if callbacks is None:
        return
    cases = await record_all(context, callbacks)
    if is_retry(batch_id):
        await context.dead_letters.forget_retried([callback.key for callback in callbacks])
    await context.inbox.finish(batch_id)
    context.tally.batches += 1
    log.info("batch.recorded", batch_id=batch_id, callbacks=len(callbacks), count=len(cases))
    # From here on the verifications' own due_at brings them back, should this process die.
    await asyncio.gather(*(settle_safely(context, case) for case in cases))


async def record_all(context: WorkerContext, callbacks: Sequence[AcceptedCallback]) -> list[Case]:
    """Record each callback or make it a dead letter; the cases to settle now.

    Raises what kept a callback from either, once every other callback has been recorded.
    """
    ends = await asyncio.gather(*(_record_one(context, each) for each in callbacks), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return [end for end in ends if isinstance(end, Case)]


async def _record_one(context: WorkerContext, callback: AcceptedCallback) -> Case | None:
    try:
        payload = decode_payload(callback.data)
        return await _record(context, callback, payload)
    except UndecodableCallback as error:
        await bury(context, callback, reason=error.reason, detail=str(error))
    except MalformedPayload as error:
        await bury(context, callback, reason="malformed_payload", detail=str(error))
    except AWAY:
        raise
    except Exception as error:
        # A defect of ours or a value that the store refuses: kept for a retry after the fix.
        log.exception("callback.failed", app_id=callback.app_id)
        await bury(context, callback, reason="processing_failed", detail=type(error).__name__)
    return None


async def _record(context: WorkerContext, callback: AcceptedCallback, payload: Payload) -> Case | None:
    app, now = context.apps.get(callback.app_id), context.clock()
    hold = app is not None and app.require_registration
    recorded = await context.recorder.record(callback, payload, now=now, hold=hold)
    if not recorded.to_settle:
        return None
    return Case(
        verification_id=recorded.verification_id,
        app_id=callback.app_id,
        biz_id=payload.biz_id,
        data_key=recorded.data_key,
        fence=recorded.fence,
        payload=payload,
        ended_at=callback.received_at,
        registration=recorded.registration,
        is_new=recorded.registration is None,
    )


async def bury(context: WorkerContext, callback: AcceptedCallback, *, reason: str, detail: str) -> None:
    """Make a callback a dead letter."""
    log.warning("callback.dead_letter", app_id=callback.app_id, reason=reason)
    await context.dead_letters.keep(callback, reason=reason, detail=detail, now=context.clock())
