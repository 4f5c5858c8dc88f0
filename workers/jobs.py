"""The arq side: jobs and crons that wake the loops of this worker, under stable names.

arq drops a job on any exception but Retry and hides the job of a killed worker for a while. So no job does
the work itself: each ends within moments, and what it was about is found by the next sweep as well.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

import structlog
from arq import cron
from arq.cron import CronJob
from arq.typing import WorkerCoroutine
from arq.worker import Function, func

from adapters.queue import NUDGE_VERIFICATION, RECORD_WAITING, SETTLE_VERIFICATION
from adapters.redis_names import RedisNames
from domain.errors import kind_of_error
from workers import nudging
from workers.context import WorkerContext
from workers.forgetting import forget_claims
from workers.holding import release_held
from workers.recording import Recording
from workers.settling import Settling
from workers.unfinished import Unfinished

JOB_TIMEOUT: Final = 10
"""Seconds; a job whose worker was killed stays hidden for this long and ten more."""

UNREADABLE_REST: Final = timedelta(hours=1)
"""How long a batch that no key opens is left alone."""

log = structlog.get_logger(__name__)


class Loops(NamedTuple):
    """What jobs wake."""

    recording: Recording
    settling: Settling


def functions(context: WorkerContext, loops: Loops) -> list[Function]:
    """The jobs that others enqueue."""

    async def record_waiting(_ctx: dict[str, Any]) -> None:
        loops.recording.wake()

    async def settle_verification(_ctx: dict[str, Any], verification_id: str) -> None:
        work = loops.settling.claim_one(UUID(verification_id))
        await _try(work, "settlement.postponed", verification_id=verification_id)

    async def nudge_verification(_ctx: dict[str, Any], verification_id: str) -> None:
        # It is a hint: should it fail, the look at its token's expiry is to come.
        work = nudging.look_early(context, loops.settling, UUID(verification_id))
        await _try(work, "nudge.failed", verification_id=verification_id)

    return [
        func(cast(WorkerCoroutine, record_waiting), name=RECORD_WAITING),
        func(cast(WorkerCoroutine, settle_verification), name=SETTLE_VERIFICATION),
        func(cast(WorkerCoroutine, nudge_verification), name=NUDGE_VERIFICATION),
    ]


def crons(
    context: WorkerContext,
    loops: Loops,
    *,
    every: int,
    names: RedisNames,
    adopt: Callable[[], Awaitable[int]],
) -> list[CronJob]:
    """The sweeps, every `every` seconds, on one worker at a time; `adopt` brings in old batches."""

    async def sweep_inbox() -> None:
        loops.recording.wake()
        await context.inbox.take_back(after=UNREADABLE_REST)
        await adopt()

    unfinished = Unfinished(context)

    async def settle_due() -> None:
        loops.settling.look()
        await loops.settling.claim_silent(context.silent_per_sweep)
        await loops.settling.name_unconfigured()

    async def sweep_waiting() -> None:
        await release_held(context)
        await unfinished.give_an_end()
        await forget_claims(context)

    seconds = set(range(0, 60, every))
    return [
        cron(_cron_job(sweep), name=names.job(sweep.__name__), second=seconds, timeout=JOB_TIMEOUT)
        for sweep in (sweep_inbox, settle_due, sweep_waiting)
    ]


async def wake_after_job(loops: Loops) -> None:
    """To be called when arq has removed an ended job: a wake-up may have been removed with it."""
    loops.recording.wake()


def _cron_job(sweep: Callable[[], Awaitable[None]]) -> WorkerCoroutine:
    async def run(_ctx: dict[str, Any]) -> None:
        await _try(sweep(), "sweep.failed", job_id=sweep.__name__)

    return cast(WorkerCoroutine, run)


async def _try(work: Awaitable[None], event: str, **ids: str) -> None:
    """Do work that something later makes up for: a failure is logged, and ends nothing."""
    try:
        async with asyncio.timeout(JOB_TIMEOUT / 2):
            await work
    except Exception as error:
        log.warning(event, **ids, error=kind_of_error(error))
