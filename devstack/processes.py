"""One OS process: what to run, and how its owner starts, signals and ends it."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from devstack.failures import OUR_LINES, StackFailed
from devstack.waiting import until

START_PATIENCE: Final = 30.0
STOP_PATIENCE: Final = 25.0
_PROBE_EVERY: Final = 0.05


class StartFailed(StackFailed):
    """A process did not come up; the message names it and its log."""


async def always() -> bool:
    """The answer of a process that is up once it is started."""
    return True


@dataclass(frozen=True)
class ProcessSpec:
    """One process: what to run, where it is reached, and how to see that it answers.

    `user` is the (uid, gid) to run as, where that is not our own; `stop_signal` asks for an orderly end;
    `scratch` is a folder that goes with the process.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    answers: Callable[[], Awaitable[bool]] = always
    url: str = ""
    user: tuple[int, int] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    scratch: Path | None = None


class Process:
    """A process by its spec; it may be started again after its end. `async with` starts and closes it."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it is reached; the same after every start."""
        return self.spec.url

    @property
    def pid(self) -> int:
        """The pid of the last start."""
        return self._started.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def start(self, **variables: str) -> None:
        """Start it, with these environment variables added, and wait until it answers.

        Raises:
            StartFailed: it ended or did not answer within `START_PATIENCE` seconds.
        """
        await self.spawn(**variables)
        await self.wait_until_ready()

    async def spawn(self, **variables: str) -> None:
        """Start it, as the leader of a new group; its output goes to its log."""
        spec = self.spec
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        uid, gid = spec.user or (None, None)
        with spec.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *spec.argv,
                env={**spec.env, **variables},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A new session: Ctrl-C reaches only this process, which stops the others in order.
                start_new_session=True,
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
            )

    async def wait_until_ready(self) -> None:
        """Return once it answers.

        Raises:
            StartFailed: it ended or did not answer within `START_PATIENCE` seconds.
        """
        try:
            await until(self._answers, patience=START_PATIENCE, every=_PROBE_EVERY)
        except TimeoutError:
            raise StartFailed(f"{self.spec.name} does not answer; see {self.spec.log}") from None

    async def _answers(self) -> bool:
        if await self.spec.answers():
            return True
        if not self.is_running:
            raise StartFailed(_why_it_ended(self.spec))
        return False

    async def ended(self) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        return await self._started.wait()

    def signal(self, signum: int) -> None:
        """Send a signal to it and its children: SIGSTOP freezes it, SIGCONT thaws it.

        Raises:
            psutil.NoSuchProcess: it has ended.
        """
        # Each PostgreSQL backend leads a separate session: the process group would miss it.
        whole = psutil.Process(self.pid)
        for each in (whole, *whole.children(recursive=True)):
            # A backend may end between being listed and being signalled.
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(signum)

    async def kill(self) -> None:
        """kill -9 it and its children, which would outlive it; it may be frozen.

        Raises:
            psutil.NoSuchProcess: it has ended by itself.
        """
        self.signal(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> None:
        """End it in order; after `STOP_PATIENCE` seconds, kill its group."""
        if not self.is_running:
            return
        with contextlib.suppress(ProcessLookupError):
            self._started.send_signal(self.spec.stop_signal)
            try:
                await asyncio.wait_for(self.ended(), STOP_PATIENCE)
            except TimeoutError:
                os.killpg(self.pid, signal.SIGKILL)
                await self.ended()

    async def aclose(self) -> None:
        """Stop it for good, and delete its scratch folder."""
        await self.stop()
        if self.spec.scratch is not None:
            shutil.rmtree(self.spec.scratch, ignore_errors=True)

    @property
    def _started(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError(f"{self.spec.name} was not started")
        return self._process


def _why_it_ended(spec: ProcessSpec) -> str:
    """Why it ended: the last line of its log, if one of our commands wrote it."""
    ended = f"{spec.name} ended at its start; see {spec.log}"
    with contextlib.suppress(OSError):
        lines = spec.log.read_text(errors="replace").splitlines()
        if lines and lines[-1].startswith(OUR_LINES):
            return f"{ended}: {lines[-1].removeprefix(OUR_LINES)}"
    return ended
