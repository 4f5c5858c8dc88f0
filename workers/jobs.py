"""The arq side: jobs and crons that wake the loops of this worker, under stable names.

arq drops a job on any exception but Retry and hides the job of a killed worker for a while. So no job does
the work itself: each ends within moments, and the next sweep finds the same work.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, cast
from uuid import UUID

from arq import cron
from arq.cron import CronJob
from arq.typing import WorkerCoroutine
from arq.worker import Function, func

from adapters.intake.queue import NUDGE_VERIFICATION, RECORD_WAITING, SETTLE_VERIFICATION
from adapters.redis.names import RedisNames
from usecases.audit.close_blocks import BlockClosing
from usecases.context import WorkerContext
from usecases.events.upkeep import Activations, count_events, forget_events
from usecases.identity.numbers import IndexUpkeep
from usecases.identity.upkeep import IdentityUpkeep
from usecases.people.upkeep import EndedSignIns
from usecases.requests.note_return import note_return
from usecases.reviews.sweep import tend_cases
from usecases.verifications.await_registration import release_held
from usecases.verifications.forget_owners import forget_owners
from usecases.verifications.leftovers import Leftovers
from usecases.verifications.report_unconfigured import Unconfigured
from workers.advancing import Advancing
from workers.errands import Errands
from workers.recording import Recording

JOB_TIMEOUT: Final = 10
"""Seconds; a job whose worker was killed stays hidden for this long and ten more."""

_WITHIN: Final = 3.0
"""Time limit in seconds for each part of a job; no job has more than three parts."""

UNREADABLE_REST: Final = timedelta(hours=1)
"""How long a batch that no key decrypts is left alone."""


class Loops(NamedTuple):
    """The loops that jobs wake."""

    recording: Recording
    advancing: Advancing


def functions(context: WorkerContext, loops: Loops) -> list[Function]:
    """The jobs that other processes enqueue."""
    errands = Errands(context.worker_stats, within=_WITHIN)

    async def record_waiting(_ctx: dict[str, Any]) -> None:
        loops.recording.wake()

    async def settle_verification(_ctx: dict[str, Any], verification_id: str) -> None:
        work = loops.advancing.claim_one(UUID(verification_id))
        await errands.run(work, "settlement.postponed", verification_id=verification_id)

    async def look_early(verification_id: UUID) -> None:
        if await note_return(context, verification_id):
            await loops.advancing.claim_one(verification_id)

    async def nudge_verification(_ctx: dict[str, Any], verification_id: str) -> None:
        # Only a hint: if it fails, the verification is looked at after its token's expiry anyway.
        work = look_early(UUID(verification_id))
        await errands.run(work, "nudge.failed", verification_id=verification_id)

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

    leftovers, unconfigured, activations = Leftovers(context), Unconfigured(context), Activations(context)
    ended, numbers = EndedSignIns(context), IndexUpkeep(context)
    identity = IdentityUpkeep(context)
    closing = BlockClosing(context.audit, context.anchors, checkpoints=context.checkpoints)

    async def look_into_the_inbox() -> None:
        loops.recording.wake()
        await context.inbox.take_back(after=UNREADABLE_REST)

    async def claim_silent() -> None:
        loops.advancing.look()
        await loops.advancing.claim_silent(context.silent_per_sweep)

    async def free_held() -> None:
        await release_held(context)

    async def tend() -> None:
        await tend_cases(context.cases, now=context.clock())

    async def forget() -> None:
        await forget_owners(context)

    async def count_new_events() -> None:
        await count_events(context)

    async def forget_old_events() -> None:
        await forget_events(context)

    sweeps: dict[str, Sequence[Callable[[], Awaitable[object]]]] = {
        "sweep_inbox": (look_into_the_inbox, adopt),
        "settle_due": (claim_silent, unconfigured.report),
        "sweep_events": (activations.tell, count_new_events, forget_old_events, ended.forget),
        "sweep_reviews": (tend, numbers.complete),
        "sweep_retention": (identity.retain, identity.delete_pictures),
        "sweep_audit": (closing.close, closing.anchor),
        "sweep_waiting": (free_held, leftovers.complete, forget, identity.finish),
    }
    errands, seconds = Errands(context.worker_stats, within=_WITHIN), set(range(0, 60, every))
    return [
        cron(_cron_job(errands, name, parts), name=names.job(name), second=seconds, timeout=JOB_TIMEOUT)
        for name, parts in sweeps.items()
    ]


async def wake_after_job(loops: Loops) -> None:
    """Call this when arq has removed an ended job, because a wake-up may have been removed with it."""
    loops.recording.wake()


def _cron_job(
    errands: Errands, name: str, parts: Sequence[Callable[[], Awaitable[object]]]
) -> WorkerCoroutine:
    """Runs the parts in order; a part that fails does not stop the others."""

    async def run(_ctx: dict[str, Any]) -> None:
        for number, part in enumerate(parts):
            await errands.run(part(), "sweep.failed", kind=f"{name} {number}", job_id=name)

    return cast(WorkerCoroutine, run)
