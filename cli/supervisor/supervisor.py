"""Keep a number of processes of one role running, and replace them one by one on SIGHUP."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from adapters.processes.supervisor_link import Figures
from cli.failures import CommandFailed
from cli.supervisor.child import Child

READY_WITHIN: Final = 60.0
"""Seconds that a new process has before the old one stays and the restart is given up."""
MOST_DEATHS: Final = 5
"""Deaths in a row, each within `STABLE_AFTER` seconds of a start, after which the supervisor ends."""
STABLE_AFTER: Final = 60.0
_PAUSES: Final = (0.1, 0.5, 1.0, 2.0)
"""Seconds before a process is started again, by its deaths in a row."""

log = structlog.get_logger(__name__)


class GaveUp(Exception):
    """One process ended again and again."""


class _Stopped(Exception):
    """A signal ended the supervisor."""


@dataclass
class Slot:
    """A place for one process. Whoever replaces its process holds the lock."""

    number: int
    child: Child | None = None
    deaths: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Supervisor:
    """`start` starts the process of a slot. A process that must end has `patience` seconds to do so."""

    def __init__(self, start: Callable[[int], Awaitable[Child]], *, count: int, patience: float) -> None:
        self._start = start
        self._patience = patience
        self._slots = [Slot(number) for number in range(count)]
        self._children: set[Child] = set()
        self._stopping = asyncio.Event()
        self._restart = asyncio.Event()
        self._asking = asyncio.Lock()
        self._tasks = asyncio.TaskGroup()

    async def run(self, *, on_stop: Callable[[], None]) -> None:
        """Run until SIGTERM or SIGINT, and pass SIGTERM on; `on_stop` is called when the processes must end.

        Raises:
            CommandFailed: a process ended again and again. The others have been ended in order.
        """
        self._follow_signals()
        reason = None
        try:
            async with self._tasks:
                for slot in self._slots:
                    await self._fill(slot)
                self._tasks.create_task(self._restart_on_signal())
                self._tasks.create_task(self._end_on_signal())
        except* _Stopped:
            log.info("processes.stopping", count=len(self._children))
        except* (GaveUp, OSError) as failures:
            reason = str(failures.exceptions[0])
            log.error("processes.gave_up", detail=reason)  # noqa: TRY400 - the message says it all
        on_stop()
        await self._end_all()
        if reason is not None:
            raise CommandFailed(reason)

    async def figures(self) -> list[Figures]:
        """The figures of every process, also of those that finish; without those that do not answer."""
        async with self._asking:
            answers = await asyncio.gather(*(child.figures() for child in self._children))
        return [answer for answer in answers if answer is not None]

    def _follow_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._restart.set)
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self._stop)

    def _stop(self) -> None:
        """The first signal ends everything in order; a further one is passed on, and shortens the wait."""
        if self._stopping.is_set():
            self._signal_all(signal.SIGTERM)
        self._stopping.set()

    async def _fill(self, slot: Slot) -> Child:
        child = await self._start(slot.number)
        self._children.add(child)
        slot.child = slot.child or child
        self._tasks.create_task(self._watch(slot, child))
        log.info("process.started", n=slot.number, pid=child.pid)
        return child

    async def _watch(self, slot: Slot, child: Child) -> None:
        """Wait for the end of `child`, and start another one unless it has been replaced."""
        how = await child.ended()
        self._children.discard(child)
        async with slot.lock:
            if slot.child is child:
                await self._start_again(slot, child, how)
            else:
                log.info("process.ended", n=slot.number, pid=child.pid, detail=how)

    async def _start_again(self, slot: Slot, dead: Child, how: str) -> None:
        ran = asyncio.get_running_loop().time() - dead.started_at
        slot.deaths = 1 if ran > STABLE_AFTER else slot.deaths + 1
        log.error("process.died", n=slot.number, pid=dead.pid, detail=how, attempts=slot.deaths)
        if slot.deaths >= MOST_DEATHS:
            raise GaveUp(f"process {slot.number} ended {slot.deaths} times in a row ({how}); see its log")
        await asyncio.sleep(_PAUSES[slot.deaths - 1])
        slot.child = None
        await self._fill(slot)

    async def _end_on_signal(self) -> None:
        """The exception ends every task of the group."""
        await self._stopping.wait()
        raise _Stopped

    async def _restart_on_signal(self) -> None:
        while True:
            await self._restart.wait()
            self._restart.clear()
            log.info("processes.restarting", count=len(self._slots))
            await self._replace_all()

    async def _replace_all(self) -> None:
        """Replace one process after the other; the first that does not get ready ends this."""
        for slot in self._slots:
            async with slot.lock:
                new = await self._successor(slot)
                if new is None:
                    log.error("processes.restart_failed", n=slot.number)
                    return
                old, slot.child, slot.deaths = slot.child, new, 0
            if old is not None:
                old.retire()
                self._tasks.create_task(self._end(old, within=2 * self._patience))
        log.info("processes.restarted", count=len(self._slots))

    async def _successor(self, slot: Slot) -> Child | None:
        """A new process that works; None if there is none in time: the old one stays."""
        try:
            new = await self._fill(slot)
        except OSError:
            return None
        if await new.is_ready(within=READY_WITHIN):
            return new
        new.send_signal(signal.SIGKILL)
        return None

    async def _end_all(self) -> None:
        self._signal_all(signal.SIGTERM)
        await asyncio.gather(*(self._end(child, within=self._patience) for child in self._children))

    async def _end(self, child: Child, *, within: float) -> None:
        """Wait for the end of a process, and kill it when its time is over."""
        try:
            async with asyncio.timeout(within):
                await child.ended()
        except TimeoutError:
            log.error("process.killed", pid=child.pid, seconds=within)  # noqa: TRY400 - no traceback needed
            child.send_signal(signal.SIGKILL)
            await child.ended()

    def _signal_all(self, signum: signal.Signals) -> None:
        for child in self._children:
            child.send_signal(signum)
