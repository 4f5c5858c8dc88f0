"""Run OS processes side by side: started in order, restarted when they die, stopped in reverse."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from devstack.failures import OUR_LINES, StackFailed

START_PATIENCE: Final = 30.0
STOP_PATIENCE: Final = 25.0
_PROBE_EVERY: Final = 0.05
_PAUSES: Final = (0.1, 0.5, 1, 2, 5)
_STABLE_AFTER: Final = 10.0


class StartFailed(StackFailed):
    """A process did not come up; the message names it and its log."""


async def _always() -> bool:
    return True


@dataclass(frozen=True)
class ProcessSpec:
    """One process: what to run, and how to see that it answers.

    `user` is the (uid, gid) to run as, where that is not our own; `stop_signal` asks for an orderly end;
    `scratch` is a folder that goes when the process has been stopped.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    answers: Callable[[], Awaitable[bool]] = _always
    user: tuple[int, int] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    scratch: Path | None = None


@dataclass
class _Running:
    spec: ProcessSpec
    process: asyncio.subprocess.Process
    keeper: asyncio.Task[None] | None = field(default=None)


class Supervisor:
    """Keeps processes alive; `changed` is called whenever a pid has changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._running: list[_Running] = []

    @property
    def pids(self) -> dict[str, int]:
        """The current pid of every process, by name."""
        return {running.spec.name: running.process.pid for running in self._running}

    async def start(self, spec: ProcessSpec) -> None:
        """Start a process, wait until it answers, and keep it alive from then on.

        Raises:
            StartFailed: it ended or did not answer within `START_PATIENCE` seconds.
        """
        running = _Running(spec, await spawn(spec))
        self._running.append(running)
        await until_it_answers(spec, running.process)
        running.keeper = asyncio.create_task(self._keep_alive(running))

    async def stop(self) -> None:
        """Stop everything, last started first."""
        for running in reversed(self._running):
            if running.keeper is not None:
                running.keeper.cancel()
                await asyncio.gather(running.keeper, return_exceptions=True)
            await stop(running.spec, running.process)
            if running.spec.scratch is not None:
                shutil.rmtree(running.spec.scratch, ignore_errors=True)
        self._running.clear()

    async def _keep_alive(self, running: _Running) -> None:
        loop = asyncio.get_running_loop()
        deaths = 0
        while True:
            started = loop.time()
            await running.process.wait()
            deaths = 0 if loop.time() - started > _STABLE_AFTER else deaths + 1
            await asyncio.sleep(_PAUSES[min(deaths, len(_PAUSES) - 1)])
            running.process = await spawn(running.spec)
            self._changed()


async def spawn(spec: ProcessSpec) -> asyncio.subprocess.Process:
    """Start a process, as the leader of a new group; its output goes to its log."""
    spec.log.parent.mkdir(parents=True, exist_ok=True)
    uid, gid = spec.user or (None, None)
    with spec.log.open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *spec.argv,
            env=dict(spec.env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A new session: Ctrl-C reaches us alone, and we stop the others in order.
            start_new_session=True,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )


async def until_it_answers(spec: ProcessSpec, process: asyncio.subprocess.Process) -> None:
    """Return once a started process answers.

    Raises:
        StartFailed: it ended or did not answer within `START_PATIENCE` seconds.
    """
    try:
        async with asyncio.timeout(START_PATIENCE):
            while not await spec.answers():
                if process.returncode is not None:
                    raise StartFailed(_why_it_ended(spec))
                await asyncio.sleep(_PROBE_EVERY)
    except TimeoutError:
        raise StartFailed(f"{spec.name} does not answer; see {spec.log}") from None


def _why_it_ended(spec: ProcessSpec) -> str:
    """With the last line of its log, if that is one of our commands' own."""
    ended = f"{spec.name} ended at its start; see {spec.log}"
    with contextlib.suppress(OSError):
        lines = spec.log.read_text(errors="replace").splitlines()
        if lines and lines[-1].startswith(OUR_LINES):
            return f"{ended}: {lines[-1].removeprefix(OUR_LINES)}"
    return ended


async def stop(spec: ProcessSpec, process: asyncio.subprocess.Process) -> None:
    """End a process in order; after `STOP_PATIENCE` seconds, kill its group."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(spec.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), STOP_PATIENCE)
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
