"""Run arq workers forever: arq's own loop ends when Redis fails, and this one starts it again."""

import asyncio
import contextlib
import signal
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import structlog
from arq.worker import Worker

from adapters.redis.client import REDIS_ERRORS
from adapters.tasks.background import end_tasks
from domain.errors import ServerAway
from workers.clock_watch import ClockWatch

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_OUTLIVING: Final = frozenset({"Worker.finish_job", "Worker.finish_failed_job", "ArqRedis.enqueue_job"})
"""Coroutines that arq runs as tasks, and that may outlive the cancelled task which awaits them."""

log = structlog.get_logger(__name__)


async def run_workers(
    create: Callable[[], AbstractAsyncContextManager[Worker]], *, grace: float, on_stop: Callable[[], None]
) -> None:
    """Run a worker, and a new one whenever it fails, until SIGTERM or SIGINT.

    On a signal, `on_stop` is called at once, no further job starts, and running jobs have `grace` seconds to
    end.
    """
    stop, loop = _set_by_signal(on_stop), asyncio.get_running_loop()
    pause = 0.0
    while not stop.is_set():
        began = loop.time()
        async with create() as worker:
            failure = await _run_one(worker, stop, grace=grace)
        if failure is None:
            break
        log.warning("worker.interrupted", error=type(failure).__name__)
        pause = next_pause(pause, ran=loop.time() - began)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


async def until_signal(on_stop: Callable[[], None]) -> None:
    """Return at SIGTERM or SIGINT, at which `on_stop` is called at once."""
    await _set_by_signal(on_stop).wait()


def _set_by_signal(on_stop: Callable[[], None]) -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def end() -> None:
        on_stop()
        stop.set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, end)
    return stop


def next_pause(last: float, *, ran: float) -> float:
    """Seconds until the next worker starts: longer after each failure, and short again once a worker `ran`
    for a while.
    """
    if ran > _LONGEST_PAUSE:
        return _FIRST_PAUSE
    return min(max(last * 2, _FIRST_PAUSE), _LONGEST_PAUSE)


async def _run_one(worker: Worker, stop: asyncio.Event, *, grace: float) -> Exception | None:
    """Run until the stop (None) or until the worker fails (its error)."""
    running = asyncio.create_task(worker.async_run())
    stopping = asyncio.create_task(stop.wait())
    watching = asyncio.create_task(ClockWatch(worker.cron_jobs).run())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            error = running.exception()
            return error if isinstance(error, Exception) else None
        worker.allow_pick_jobs = False
        # Cancel the loop that starts jobs first: a job started later would run with a closed pool.
        await end_tasks(running, watching)
        await _finish_jobs(worker, grace)
        return None
    finally:
        await _end({running, stopping, watching})
        await _end({*worker.tasks.values()})
        await _let_arq_finish()


async def _finish_jobs(worker: Worker, grace: float) -> None:
    jobs = list(worker.tasks.values())
    if jobs:
        await asyncio.wait(jobs, timeout=grace)


async def _let_arq_finish() -> None:
    """Wait for the tasks of arq that outlive a cancellation, before their connections close.

    arq shields its notes on ended jobs. It gathers the jobs of crons, and a cancelled `gather` ends with the
    first of them, while others return to a connection or open it again.
    """
    tasks = asyncio.all_tasks()
    left = [task for task in tasks if getattr(task.get_coro(), "__qualname__", "") in _OUTLIVING]
    if left:
        await asyncio.wait(left, timeout=_LONGEST_PAUSE)


async def _end(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel the remaining jobs; the sweeps find their batches and verifications."""
    await end_tasks(*tasks)
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, (ServerAway, *REDIS_ERRORS)):
            log.error("job.failed", error=type(error).__name__)
