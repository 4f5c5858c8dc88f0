"""Servers of a test's own, to be stopped, frozen and started again: the shared ones serve all tests."""

import asyncio
import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from devstack import processes, servers
from devstack.processes import ProcessSpec

TEMPLATE: Final = "TESTS_POSTGRES_TEMPLATE"


class PrivateServer:
    """A server that runs inside `async with`, on one address and one folder however often it is started."""

    def __init__(self, spec: ProcessSpec, url: str, *scratch: Path) -> None:
        self.url = url
        self.program = Path(spec.argv[0])
        self._spec = spec
        self._scratch = [folder for folder in (spec.scratch, *scratch) if folder]
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.kill()
        for folder in self._scratch:
            shutil.rmtree(folder, ignore_errors=True)

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = await processes.spawn(self._spec)
        await processes.until_it_answers(self._spec, self._process)

    async def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            await processes.stop(self._spec, self._process)
        self._process = None

    async def kill(self) -> None:
        """End it at once; it may be frozen."""
        if self._process is not None:
            self.signal(signal.SIGKILL)
            await self._process.wait()
        self._process = None

    def signal(self, signum: signal.Signals) -> None:
        """Send a signal to it and its children: SIGSTOP freezes it, SIGCONT thaws it."""
        assert self._process is not None
        # PostgreSQL's backends lead sessions of their own: the process group would miss them.
        whole = psutil.Process(self._process.pid)
        for process in (whole, *whole.children(recursive=True)):
            # A backend may end between being listed and being signalled.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signum)


def private_valkey(folder: Path) -> PrivateServer:
    """A Valkey that syncs every write."""
    return PrivateServer(*servers.valkey(folder, env=dict(os.environ)))


def private_postgres() -> PrivateServer:
    """An empty PostgreSQL. Its folder is not pytest's: it may run as another user."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-tests-"))
    return PrivateServer(*postgres(folder), folder)


def postgres(folder: Path) -> tuple[ProcessSpec, str]:
    """A PostgreSQL that waits for no disk, and its URL: what it commits outlives it, not the machine."""
    subprocess.run(["cp", "-a", _template(), folder / "postgres"], check=True)
    spec, url = servers.postgres(folder, env=dict(os.environ))
    return replace(spec, argv=[*spec.argv, "-c", "fsync=off"]), url


def share_template() -> None:
    """Make the template for all processes that this one starts.

    As root the first one also makes PostgreSQL's system user, which several at once could not.
    """
    os.environ[TEMPLATE] = str(_template())


@cache
def _template() -> Path:
    """What initdb makes, which takes it a second each time."""
    if shared := os.environ.get(TEMPLATE):
        return Path(shared)
    folder = Path(tempfile.mkdtemp(prefix="faceid-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    spec, _ = servers.postgres(folder, env={})
    assert spec.scratch is not None
    spec.scratch.rmdir()
    return folder / "postgres"
