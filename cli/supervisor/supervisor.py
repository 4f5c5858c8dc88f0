"""Keep a number of processes of one role running, and replace them one by one on SIGHUP."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from adapters.processes.supervisor_link import Figures
from cli.output.failures import CommandFailed
from cli.supervisor.child import Child

READY_WITHIN: Final = 60.0
"""Seconds in which a new process must get ready; else the old one stays and the restart ends."""
MOST_DEATHS: Final = 5
"""Deaths in a row, each within `STABLE_AFTER` seconds of a start, after which the supervisor ends."""
STABLE_AFTER: Final = 60.0
_PAUSES: Final = (0.1, 0.5, 1.0, 2.0)
"""Seconds before a process is started again, by its deaths in a row."""

log = structlog.get_logger(__name__)


class GaveUp(Exception):
    """A process ended `MOST_DEATHS` times in a row."""


class _Stopped(Exception):
    """A signal ended the supervisor."""


@dataclass
class Member:
    """One of the N processes, by number. Hold the lock while replacing it."""

    number: int
    child: Child | None = None
    deaths: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Supervisor:
    """`start` starts the process of a member. A process that must end has `patience` seconds to do so."""

    def __init__(self, start: Callable[[int], Awaitable[Child]], *, count: int, patience: float) -> None:
        self._start = start
        self._patience = patience
        self._members = [Member(number) for number in range(count)]
        self._children: set[Child] = set()
        self._stopping = asyncio.Event()
        self._restart = asyncio.Event()
        self._asking = asyncio.Lock()
        self._tasks = asyncio.TaskGroup()

    async def run(self, *, on_stop: Callable[[], None]) -> None:
        """Run until SIGTERM or SIGINT, and pass SIGTERM on; `on_stop` is called when the processes must end.

        Raises:
            CommandFailed: a process ended `MOST_DEATHS` times in a row, or could not be started.
                The others have been ended in order.
        """
        self._follow_signals()
        reason = None
        try:
            async with self._tasks:
                for member in self._members:
                    await self._fill(member)
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

    async def _fill(self, member: Member) -> Child:
        child = await self._start(member.number)
        self._children.add(child)
        member.child = member.child or child
        self._tasks.create_task(self._watch(member, child))
        log.info("process.started", n=member.number, pid=child.pid)
        return child

    async def _watch(self, member: Member, child: Child) -> None:
        """Wait for the end of `child`, and start another one unless it has been replaced."""
        how = await child.ended()
        self._children.discard(child)
        async with member.lock:
            if member.child is child:
                await self._start_again(member, child, how)
            else:
                log.info("process.ended", n=member.number, pid=child.pid, detail=how)

    async def _start_again(self, member: Member, dead: Child, how: str) -> None:
        ran = asyncio.get_running_loop().time() - dead.started_at
        member.deaths = 1 if ran > STABLE_AFTER else member.deaths + 1
        log.error("process.died", n=member.number, pid=dead.pid, detail=how, attempts=member.deaths)
        if member.deaths >= MOST_DEATHS:
            raise GaveUp(f"process {member.number} ended {member.deaths} times in a row ({how}); see its log")
        await asyncio.sleep(_PAUSES[member.deaths - 1])
        member.child = None
        await self._fill(member)

    async def _end_on_signal(self) -> None:
        """The exception ends every task of the group."""
        await self._stopping.wait()
        raise _Stopped

    async def _restart_on_signal(self) -> None:
        while True:
            await self._restart.wait()
            self._restart.clear()
            log.info("processes.restarting", count=len(self._members))
            await self._replace_all()

    async def _replace_all(self) -> None:
        """Replace one process after the other; the first that does not get ready ends this."""
        for member in self._members:
            async with member.lock:
                new = await self._successor(member)
                if new is None:
                    log.error("processes.restart_failed", n=member.number)
                    return
                old, member.child, member.deaths = member.child, new, 0
            if old is not None:
                old.retire()
                self._tasks.create_task(self._end(old, within=2 * self._patience))
        log.info("processes.restarted", count=len(self._members))

    async def _successor(self, member: Member) -> Child | None:
        """A new process that works; None if there is none in time: the old one stays."""
        try:
            new = await self._fill(member)
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
