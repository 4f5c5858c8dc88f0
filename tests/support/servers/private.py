"""Servers of a test's own, to be stopped, frozen and started again: the shared ones serve all tests."""

import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from devstack import servers
from devstack.processes import Process, ProcessSpec

TEMPLATE: Final = "TESTS_POSTGRES_TEMPLATE"


@asynccontextmanager
async def killed_at_the_end(spec: ProcessSpec, *folders: Path) -> AsyncIterator[Process]:
    """The process inside the block; behind it, neither the process nor these folders are left."""
    process = Process(spec)
    try:
        await process.start()
        yield process
    finally:
        if process.is_running:
            await process.kill()
        await process.aclose()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def private_valkey(folder: Path) -> AbstractAsyncContextManager[Process]:
    """A Valkey that syncs every write."""
    return killed_at_the_end(servers.valkey(folder, env=os.environ))


def private_postgres() -> AbstractAsyncContextManager[Process]:
    """An empty PostgreSQL. Its folder is not pytest's: it may run as another user."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-tests-"))
    return killed_at_the_end(postgres(folder), folder)


def postgres(folder: Path) -> ProcessSpec:
    """A PostgreSQL that waits for no disk: what it commits outlives it, not the machine."""
    subprocess.run(["cp", "-a", _template(), folder / "postgres"], check=True)
    spec = servers.postgres(folder, env=os.environ)
    return replace(spec, argv=[*spec.argv, "-c", "fsync=off"])


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
    spec = servers.postgres(folder, env={})
    assert spec.scratch is not None
    spec.scratch.rmdir()
    return folder / "postgres"
