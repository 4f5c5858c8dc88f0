"""The test rig: cores for processes, and processes that run for one block."""

import asyncio
import base64
import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import psutil
from redis.asyncio import Redis

from adapters.postgres.schema import migrate
from bench.callbacks import API_KEY, API_SECRET, APP_ID, make_callbacks, save_callbacks
from devstack import servers
from devstack.processes import Process, ProcessSpec

_CORES: Final = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
SERVER_CORE: Final = set(_CORES[:1])
"""The core of the measured process alone; empty if processes cannot be pinned (macOS)."""
OTHER_CORES: Final = set(_CORES[1:]) or SERVER_CORE


class BenchFailed(Exception):
    """A figure could not be measured; the message says why."""


@dataclass(frozen=True)
class Rig:
    """The servers of every measurement. `environment` is that of the product and of the baselines."""

    folder: Path
    pool: Path
    vendor_port: int
    redis: Redis
    redis_url: str
    database: asyncpg.Connection
    environment: Mapping[str, str]

    def spec(self, name: str, *argv: str, answers_on: int | None = None, **environment: str) -> ProcessSpec:
        """A Python process `python argv…` of this run; it is up when port `answers_on` takes connections."""
        command = (sys.executable, *argv)
        variables, log = {**self.environment, **environment}, self.folder / "logs" / f"{name}.log"
        if answers_on is None:
            return ProcessSpec(name, command, variables, log)
        return ProcessSpec(name, command, variables, log, answers=lambda: servers.listens(answers_on))


@asynccontextmanager
async def standing_rig(callbacks: int) -> AsyncIterator[Rig]:
    """Valkey (every write fsynced) and PostgreSQL with the product's schema, and a pool of callbacks."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-bench-"))
    base = {name: value for name, value in os.environ.items() if not name.startswith("FACEID_")}
    try:
        valkey, postgres = servers.valkey(folder, env=base), servers.postgres(folder, env=base)
        async with running(valkey), running(postgres), _clients(valkey.url, postgres.url) as clients:
            pool = folder / "callbacks"
            save_callbacks(make_callbacks(callbacks), pool)
            vendor_port = servers.free_port()
            environment = base | _environment(valkey.url, postgres.url, vendor_port)
            yield Rig(folder, pool, vendor_port, clients[0], valkey.url, clients[1], environment)
    except Exception:
        _print_ends(folder / "logs")
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def running(spec: ProcessSpec, *, cores: set[int] = OTHER_CORES) -> AsyncIterator[int]:
    """Run the process for the block, on these cores; yields its pid.

    Raises:
        StartFailed: it did not start.
        BenchFailed: it died during the block, so the measurement is invalid.
    """
    process = Process(spec)
    try:
        with _on(cores):
            await process.start()
        yield process.pid
        if not process.is_running:
            raise BenchFailed(f"{spec.name} died while it was measured")
    finally:
        await process.aclose()


async def until(done: Callable[[], Awaitable[bool]], *, seconds: float, every: float) -> None:
    """Wait until `done` is true, checking every `every` seconds.

    Raises:
        BenchFailed: it was not true within `seconds`.
    """
    try:
        async with asyncio.timeout(seconds):
            while not await done():  # noqa: ASYNC110 - other processes set no event of ours
                await asyncio.sleep(every)
    except TimeoutError:
        raise BenchFailed(f"not done within {seconds:g} s") from None


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def forget(redis: Redis) -> None:
    """Empty Redis and wait until the memory is free; by default it would be freed in the background."""
    await redis.execute_command("FLUSHALL", "SYNC")  # type: ignore[no-untyped-call]


@contextmanager
def _on(cores: set[int]) -> Iterator[None]:
    """Run processes started in the block on these cores, which children inherit."""
    if not cores:
        yield
        return
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, OTHER_CORES)


@asynccontextmanager
async def _clients(redis_url: str, database_url: str) -> AsyncIterator[tuple[Redis, asyncpg.Connection]]:
    await migrate(database_url)
    redis: Redis = Redis.from_url(redis_url)
    database = await asyncpg.connect(database_url)
    # A rewrite of the log would disturb only some rounds.
    await redis.config_set("auto-aof-rewrite-percentage", "0")
    try:
        yield redis, database
    finally:
        await redis.aclose()
        await database.close()


def _environment(redis_url: str, database_url: str, vendor_port: int) -> dict[str, str]:
    vendor_url = f"http://127.0.0.1:{vendor_port}"
    app: dict[str, Any] = {"api_key": API_KEY, "api_secrets": [API_SECRET], "vendor_url": vendor_url}
    return {
        "FACEID_MASTER_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
        "FACEID_REDIS_URL": redis_url,
        "FACEID_DATABASE_URL": database_url,
        "FACEID_APPS": json.dumps({APP_ID: app}),
        "FACEID_DURABILITY": "fsync",
        "FACEID_SHUTDOWN_DELAY": "0",
        "BENCH_REDIS_URL": redis_url,
        "BENCH_DATABASE_URL": database_url,
        "BENCH_VENDOR_URL": vendor_url,
        "BENCH_API_KEY": API_KEY,
        "BENCH_API_SECRET": API_SECRET,
    }


def _print_ends(logs: Path) -> None:
    """Print the last lines of every log before the logs are deleted."""
    for log in sorted(logs.glob("*.log")):
        lines: Sequence[str] = log.read_text(errors="replace").splitlines()[-5:]
        print(f"--- {log.name}", *lines, sep="\n", file=sys.stderr)
