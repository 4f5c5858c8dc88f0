"""Real arq workers, run by the loop that runs them in production."""

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from arq.worker import Worker
from pydantic import SecretStr

from adapters.settings.settings import Settings
from devstack.waiting import until
from tests.support.storage.stores import callback, payload
from tests.support.workers.jobs import Jobs
from workers.jobs import Loops
from workers.loop import run_workers
from workers.main import fresh_worker, running_loops, stop_loops

KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def settings(redis_url: str) -> Settings:
    """Only a worker's own options; everything else is in its context."""
    return Settings.model_construct(
        redis_url=redis_url, database_url="", master_keys=[SecretStr(KEY)], sweep_every=1
    )


class Workers:
    """Workers run by the loop, and every one of them that was made."""

    def __init__(self, jobs: Jobs, settings: Settings) -> None:
        self.made: list[Worker] = []
        self.loops: Loops
        self._jobs = jobs
        self._settings = settings

    @asynccontextmanager
    async def create(self) -> AsyncIterator[Worker]:
        async with fresh_worker(self._settings, self._jobs.context, self.loops) as worker:
            self.made.append(worker)
            yield worker

    async def _run(self, grace: float) -> None:
        async with running_loops(self._settings, self._jobs.context, grace=grace) as self.loops:
            await run_workers(self.create, grace=grace, on_stop=self._stop)

    def _stop(self) -> None:
        stop_loops(self._jobs.context, self.loops)

    @asynccontextmanager
    async def running(self, *, grace: float = 5) -> AsyncIterator[asyncio.Task[None]]:
        """Run the loop during the block; afterwards it is asked to stop and must end."""
        task = asyncio.create_task(self._run(grace))
        try:
            await until(self._at_work)
            yield task
        finally:
            stop()
            await asyncio.wait_for(task, 20)

    async def _at_work(self) -> bool:
        return bool(self.made)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
async def workers(jobs: Jobs, settings: Settings) -> AsyncIterator[Workers]:
    # A cut connection may lose a job: its batch is then found by the next sweep but one.
    jobs.context = replace(jobs.context, lease=timedelta(seconds=1))
    yield Workers(jobs, settings)
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(signum)


async def hand_in(jobs: Jobs, *numbers: int) -> None:
    """Put one batch a callback into the inbox, with its job."""
    for n in numbers:
        batch_id = f"b{n}"
        await jobs.inbox.hand_over(batch_id, [callback(payload(n, status="WHATEVER"))])
