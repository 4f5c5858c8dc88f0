"""The arq side of the jobs: stable names, ids for arguments, nothing that ends a job for good.

arq drops a job on any exception but Retry, so a job here either succeeds, asks to be run again, or leaves
its work to the next sweep.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast
from uuid import UUID

import structlog
from arq import Retry, cron
from arq.cron import CronJob
from arq.typing import WorkerCoroutine
from arq.worker import Function, func

from adapters.queue import NUDGE_VERIFICATION, PROCESS_BATCH, SETTLE_VERIFICATION
from workers import callbacks, nudging, settlement, sweeping
from workers.callbacks import AWAY
from workers.context import WorkerContext

JOB_TIMEOUT: Final = 60
"""Seconds; a job whose worker was killed stays invisible for this long and ten more."""

_INNER_TIMEOUT: Final = 50
_RETRY_AFTER: Final = 5

log = structlog.get_logger(__name__)


def functions(context: WorkerContext) -> list[Function]:
    """The jobs that others enqueue."""

    async def process_batch(_ctx: dict[str, Any], batch_id: str) -> None:
        try:
            async with asyncio.timeout(_INNER_TIMEOUT):
                with context.tally.job():
                    await callbacks.process_batch(context, batch_id)
        except AWAY as error:
            log.warning("batch.postponed", batch_id=batch_id, error=type(error).__name__)
            await _forgive(context, batch_id)
            raise Retry(defer=_RETRY_AFTER) from None
        except Exception:
            # No key opens it, or a defect of ours: it stays in the inbox and the sweeper brings it back.
            log.exception("batch.failed", batch_id=batch_id)

    async def settle_verification(_ctx: dict[str, Any], verification_id: str) -> None:
        # Should it fail, its due_at brings it back, by the sweep.
        work = settlement.settle_one(context, UUID(verification_id))
        await _try(work, "settlement.postponed", verification_id=verification_id)

    async def nudge_verification(_ctx: dict[str, Any], verification_id: str) -> None:
        # It is a hint: should it fail, the look at its token's expiry is to come.
        work = nudging.look_early(context, UUID(verification_id))
        await _try(work, "nudge.failed", verification_id=verification_id)

    return [
        func(cast(WorkerCoroutine, process_batch), name=PROCESS_BATCH),
        func(cast(WorkerCoroutine, settle_verification), name=SETTLE_VERIFICATION),
        func(cast(WorkerCoroutine, nudge_verification), name=NUDGE_VERIFICATION),
    ]


async def _try(work: Awaitable[None], event: str, **ids: str) -> None:
    """Do work that something later makes up for: a failure is logged, and ends nothing."""
    try:
        async with asyncio.timeout(_INNER_TIMEOUT):
            await work
    except Exception as error:
        log.warning(event, **ids, error=type(error).__name__)


async def _forgive(context: WorkerContext, batch_id: str) -> None:
    with contextlib.suppress(*AWAY):
        await context.inbox.forgive(batch_id)


def crons(context: WorkerContext, *, every: int) -> list[CronJob]:
    """The sweeps, every `every` seconds, on one worker at a time."""
    seconds = set(range(0, 60, every))
    sweeps = (sweeping.sweep_inbox, sweeping.settle_due)
    return [
        cron(_cron_job(context, sweep), name=sweep.__name__, second=seconds, timeout=JOB_TIMEOUT)
        for sweep in sweeps
    ]


def _cron_job(context: WorkerContext, sweep: Callable[[WorkerContext], Awaitable[None]]) -> WorkerCoroutine:
    async def run(_ctx: dict[str, Any]) -> None:
        await _try(sweep(context), "sweep.failed", job_id=sweep.__name__)

    return cast(WorkerCoroutine, run)
