"""Servers of a test's own, to be stopped, frozen and started again: the shared ones serve all tests."""

import asyncio
import atexit
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from devstack import servers
from devstack.processes import Process, ProcessSpec
from tests.support.servers.databases import MIGRATED, make_migrated_database, url_of

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


def migrated_postgres() -> AbstractAsyncContextManager[Process]:
    """A PostgreSQL whose URL names a migrated database."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-tests-"))
    spec = postgres(folder)
    return killed_at_the_end(replace(spec, url=url_of(spec.url, MIGRATED)), folder)


def postgres(folder: Path) -> ProcessSpec:
    """A PostgreSQL that waits for no disk: what it commits outlives it, not the machine."""
    subprocess.run(["cp", "-a", _template(), folder / "postgres"], check=True)
    return _hasty(folder)


def share_template() -> None:
    """Make the template for all processes that this one starts.

    As root the first one also makes PostgreSQL's system user, which several at once could not.
    """
    os.environ[TEMPLATE] = str(_template())


@cache
def _template() -> Path:
    """What initdb and the migrations make, which takes them three seconds each time."""
    if shared := os.environ.get(TEMPLATE):
        return Path(shared)
    folder = Path(tempfile.mkdtemp(prefix="faceid-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # In a thread, since a loop may run in this one.
    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        elsewhere.submit(asyncio.run, _with_migrated_database(_hasty(folder))).result()
    return folder / "postgres"


async def _with_migrated_database(spec: ProcessSpec) -> None:
    async with Process(spec):
        await make_migrated_database(spec.url)


def _hasty(folder: Path) -> ProcessSpec:
    spec = servers.postgres(folder, env=os.environ)
    return replace(spec, argv=[*spec.argv, "-c", "fsync=off"])
