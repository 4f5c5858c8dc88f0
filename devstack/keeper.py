"""Run processes side by side: started in order, restarted when they die, stopped in reverse."""

import asyncio
from collections.abc import Callable
from typing import Final

from devstack.processes import Process, ProcessSpec

_PAUSES: Final = (0.1, 0.5, 1, 2, 5)
_STABLE_AFTER: Final = 10.0


class Keeper:
    """Keeps the processes of a stack alive; `changed` is called whenever a pid has changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._processes: list[Process] = []
        self._watches: dict[Process, asyncio.Task[None]] = {}

    @property
    def pids(self) -> dict[str, int]:
        """The current pid of every process, by name."""
        return {process.spec.name: process.pid for process in self._processes}

    async def start(self, spec: ProcessSpec) -> None:
        """Start a process, wait until it answers, and keep it alive from then on.

        Raises:
            StartFailed: it ended or did not answer within `START_PATIENCE` seconds.
        """
        process = Process(spec)
        await process.spawn()
        self._processes.append(process)
        await process.wait_until_ready()
        self._watches[process] = asyncio.create_task(self._keep_alive(process))

    async def stop(self) -> None:
        """Stop everything, last started first."""
        for process in reversed(self._processes):
            if watch := self._watches.pop(process, None):
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)
            await process.aclose()
        self._processes.clear()

    async def _keep_alive(self, process: Process) -> None:
        loop = asyncio.get_running_loop()
        deaths = 0
        while True:
            started = loop.time()
            await process.ended()
            deaths = 0 if loop.time() - started > _STABLE_AFTER else deaths + 1
            await asyncio.sleep(_PAUSES[min(deaths, len(_PAUSES) - 1)])
            await process.spawn()
            self._changed()
