"""Compose the worker: the only module of the queue edge that builds adapters."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import timedelta
from typing import Final

import structlog
import uvloop
from arq.worker import Worker

from adapters.intake.legacy_inbox import LegacyInbox
from adapters.intake.queue import deserialize_job, serialize_job
from adapters.policies.reloads import PolicyReloads
from adapters.processes.gc_tuning import calm_garbage_collection
from adapters.processes.heartbeats import beating
from adapters.processes.keys import following_keys, keys_status
from adapters.processes.mark import RedisMark, marking, read_mark
from adapters.processes.process import ProcessContext
from adapters.processes.supervisor_link import SupervisorLink
from adapters.settings.settings import Settings
from adapters.tasks.background import end_tasks, in_background
from usecases.context import WorkerContext
from workers.advancing import Advancing
from workers.building import worker_context
from workers.delivering import Delivering
from workers.jobs import JOB_TIMEOUT, Loops, crons, functions, wake_after_job
from workers.loop import run_workers, until_signal
from workers.recording import Recording
from workers.sender import running_delivery

POLL_DELAY: Final = 0.02
MAX_JOBS: Final = 20
_LAST_MOMENT: Final = 1.0
_REDIS_TIMEOUT: Final = timedelta(seconds=5)
NEVER: Final = 2**31
"""arq deletes a job after `max_tries` starts; here our own counts decide instead."""

log = structlog.get_logger(__name__)


def run(settings: Settings, *, supervisor: SupervisorLink | None = None) -> None:
    """Process jobs until a signal, or until the supervisor has another process for its place."""
    calm_garbage_collection()
    uvloop.run(_run(settings, supervisor))


async def _run(settings: Settings, supervisor: SupervisorLink | None) -> None:
    process = ProcessContext.of(settings, timeout=_REDIS_TIMEOUT)
    mark = RedisMark(process.redis, await read_mark(settings), names=process.names)
    does = _record if "record" in settings.roles else _deliver
    async with process, marking(mark):
        await does(settings, process, supervisor)


async def _record(settings: Settings, process: ProcessContext, supervisor: SupervisorLink | None) -> None:
    """Record and decide until a signal; deliver as well, unless another process does."""
    delivers = "deliver" in settings.roles
    async with (
        following_clock(process),
        following_keys(process, every=timedelta(seconds=settings.heartbeat_every)),
        worker_context(settings, process) as context,
        following_reloads(context, process),
        running_delivery(settings, process) if delivers else nullcontext() as delivering,
    ):
        log.info("worker.started", role="worker")
        # A call under way takes at most pull_timeout; its answer must reach the ledger.
        grace = settings.pull_timeout + 5
        async with (
            _beating(
                settings, process, lambda: context.status() | _status_of(delivering) | keys_status(process)
            ),
            running_loops(settings, context, grace=grace) as loops,
        ):
            if delivering is not None:
                delivering.give_way(while_=lambda: loops.recording.is_behind)

            def stop() -> None:
                stop_loops(context, loops)
                if delivering is not None:
                    delivering.stop()

            if supervisor is not None:
                supervisor.tell_ready()
            await run_workers(lambda: fresh_worker(settings, context, loops), grace=grace, on_stop=stop)


async def _deliver(settings: Settings, process: ProcessContext, supervisor: SupervisorLink | None) -> None:
    """Only deliver, until a signal: this process takes no job of arq's."""
    async with (
        following_clock(process),
        running_delivery(settings, process) as delivering,
        _beating(settings, process, lambda: _status_of(delivering)),
    ):
        log.info("worker.started", role="worker")
        if supervisor is not None:
            supervisor.tell_ready()
        await until_signal(delivering.stop)


def _beating(
    settings: Settings, process: ProcessContext, status: Callable[[], Mapping[str, object]]
) -> AbstractAsyncContextManager[str]:
    every = timedelta(seconds=settings.heartbeat_every)
    return beating(
        process.redis,
        "worker",
        every=every,
        status=status,
        names=process.names,
        opens_epochs=process.has_key_store,
    )


def _status_of(delivering: Delivering | None) -> dict[str, object]:
    return {} if delivering is None else delivering.status()


@asynccontextmanager
async def following_clock(process: ProcessContext) -> AsyncIterator[None]:
    """PostgreSQL's clock is followed during the block."""
    async with in_background(process.clock.follow()):
        # Read it before anything uses it: this machine's own clock may be wrong by a day.
        await process.clock.try_to_look()
        yield


def stop_loops(context: WorkerContext, loops: Loops) -> None:
    """Start nothing more, including calls; work under way continues."""
    context.gates.stop()
    loops.recording.stop()
    loops.advancing.stop()


@asynccontextmanager
async def running_loops(settings: Settings, context: WorkerContext, *, grace: float) -> AsyncIterator[Loops]:
    """Run recording and advancing during the block; at its end, work under way has `grace` seconds to
    finish.
    """
    look_every = timedelta(seconds=settings.sweep_every)
    advancing = Advancing(context, at_once=settings.settle_at_once, look_every=look_every)
    recording = Recording(context, advancing)
    loops = Loops(recording, advancing)
    looking, taking = asyncio.create_task(advancing.run()), asyncio.create_task(recording.run())
    try:
        yield loops
    finally:
        stop_loops(context, loops)
        # All share the same seconds: a supervisor waits 40 in total before it kills this process.
        await asyncio.gather(asyncio.wait({looking, taking}, timeout=grace), advancing.end(grace=grace))
        await end_tasks(looking, taking)
        # What the last group, or the last look, was about.
        await advancing.end(grace=0)
        # Calls whose caller was cancelled: they have had their time beside the others.
        await context.gates.finish(within=_LAST_MOMENT)
        for verification_id in context.unkept:
            log.error("pull.lost", verification_id=str(verification_id))


@asynccontextmanager
async def following_reloads(context: WorkerContext, process: ProcessContext) -> AsyncIterator[None]:
    """Reload the policies on SIGHUP and on request, during the block."""
    reloads = PolicyReloads(process.redis, context.policies, names=process.names)
    reloads.reload_on_signal()
    async with in_background(reloads.listen()):
        yield


@asynccontextmanager
async def fresh_worker(settings: Settings, context: WorkerContext, loops: Loops) -> AsyncIterator[Worker]:
    """An arq worker with its own connections, which close with it.

    A cancellation during a pipeline's clean-up loses the connection from the pool forever, and arq's workers
    are cancelled whenever Redis fails.
    """
    async with ProcessContext.of(settings, timeout=_REDIS_TIMEOUT) as process:
        # Do the work whose wake-ups were lost while Redis was away.
        loops.recording.wake()
        yield create_worker(settings, process, context, loops)


def create_worker(
    settings: Settings, process: ProcessContext, context: WorkerContext, loops: Loops
) -> Worker:
    """An arq worker with safer defaults; docs/decisions explains each change."""
    names = process.names
    legacy = LegacyInbox(process.redis, keys=process.keys, names=names)
    return Worker(
        queue_name=names.queue,
        functions=functions(context, loops),
        cron_jobs=crons(context, loops, every=settings.sweep_every, names=names, adopt=legacy.adopt),
        after_job_end=lambda _ctx: wake_after_job(loops),
        redis_pool=process.queue,
        handle_signals=False,
        max_jobs=MAX_JOBS,
        job_timeout=JOB_TIMEOUT,
        keep_result=0,
        log_results=False,
        max_tries=NEVER,
        poll_delay=POLL_DELAY,
        job_serializer=serialize_job,
        job_deserializer=deserialize_job,
    )
