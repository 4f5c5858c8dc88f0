"""Process a batch: record every callback of it, then settle the verifications that became due by it.

Every callback is on its own: one that cannot be understood becomes a dead letter and holds up nobody.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from adapters.database import DATABASE_AWAY
from adapters.dead_letter_retries import is_retry
from adapters.redis_client import REDIS_AWAY
from domain.errors import MalformedPayload, UndecodableCallback
from domain.model import AcceptedCallback
from domain.payload import decode_payload
from domain.records import Case, DecodedCallback, Recorded
from workers.context import WorkerContext
from workers.settlement import settle_safely

log = structlog.get_logger(__name__)

AWAY = (*REDIS_AWAY, *DATABASE_AWAY)
"""Redis or PostgreSQL cannot be reached: nothing is wrong with the callback, so it is tried again."""


async def process_batch(context: WorkerContext, batch_id: str) -> None:
    """Take a batch from the inbox to decisions; harmless when it was processed before.

    Raises:
        RedisError, OSError: a server is away; the batch stays in the inbox.
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
    read = [_read(context, callback) for callback in callbacks]
    decoded = [each for each in read if isinstance(each, DecodedCallback)]
    ends = await context.recorder.record_all(decoded, now=context.clock())
    pairs = list(zip(decoded, ends, strict=True))
    letters = [each for each in read if isinstance(each, _Letter)]
    letters += [_defective(one.callback, end) for one, end in pairs if not isinstance(end, (Recorded, *AWAY))]
    burials = await asyncio.gather(*(bury(context, *letter) for letter in letters), return_exceptions=True)
    for error in (*(end for end in ends if isinstance(end, AWAY)), *filter(None, burials)):
        raise error
    return [_case(one, end) for one, end in pairs if isinstance(end, Recorded) and end.to_settle]


class _Letter(NamedTuple):
    callback: AcceptedCallback
    reason: str
    detail: str


def _defective(callback: AcceptedCallback, error: BaseException) -> _Letter:
    """A defect of ours, or a value that the store refuses: kept for a retry after the fix."""
    log.error("callback.failed", app_id=callback.app_id, exc_info=error)
    return _Letter(callback, "processing_failed", type(error).__name__)


def _read(context: WorkerContext, callback: AcceptedCallback) -> DecodedCallback | _Letter:
    app = context.apps.get(callback.app_id)
    hold = app is not None and app.require_registration
    try:
        return DecodedCallback(callback, decode_payload(callback.data), hold)
    except UndecodableCallback as error:
        return _Letter(callback, error.reason, str(error))
    except MalformedPayload as error:
        return _Letter(callback, "malformed_payload", str(error))
    except Exception as error:
        return _defective(callback, error)


def _case(decoded: DecodedCallback, recorded: Recorded) -> Case:
    return Case(
        verification_id=recorded.verification_id,
        app_id=recorded.app_id,
        biz_id=decoded.payload.biz_id,
        data_key=recorded.data_key,
        fence=recorded.fence,
        payload=decoded.payload,
        ended_at=decoded.callback.received_at,
        registration=recorded.registration,
        is_new=recorded.registration is None,
    )


async def bury(context: WorkerContext, callback: AcceptedCallback, reason: str, detail: str) -> None:
    """Make a callback a dead letter."""
    log.warning("callback.dead_letter", app_id=callback.app_id, reason=reason)
    await context.dead_letters.keep(callback, reason=reason, detail=detail, now=context.clock())
