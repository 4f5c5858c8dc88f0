"""The test rig: cores for processes, and processes that run for one block."""

import base64
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
import psutil
from redis.asyncio import Redis

from adapters.postgres.schema import migrate
from adapters.store.tables.schema import metadata
from bench.failure import BenchFailed
from bench.traffic.callbacks import API_KEY, API_SECRET, APP_ID, make_callbacks, save_callbacks
from devstack import ports, servers, waiting
from devstack.environment import role_settings, without_settings
from devstack.processes import Process, ProcessSpec
from devstack.roles import Roles

_CORES: Final = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
SERVER_CORE: Final = set(_CORES[:1])
"""The core of the measured process alone; empty if processes cannot be pinned (macOS)."""
OTHER_CORES: Final = set(_CORES[1:]) or SERVER_CORE


_KEPT: Final = {"api_tokens", "endpoints", "event_log", "policies"}
FILLED: Final = [table.name for table in metadata.sorted_tables if table.name not in _KEPT]
"""The tables that grow with the callbacks."""


@dataclass(frozen=True)
class Rig:
    """The servers of every measurement, and what runs on them."""

    folder: Path
    pool: Path
    vendor_port: int
    redis: Redis
    redis_url: str
    database: asyncpg.Connection
    valkey_pid: int
    postgres_pid: int
    roles: Roles
    """The product's roles, and in the same environment the baselines."""


@asynccontextmanager
async def standing_rig(callbacks: int) -> AsyncIterator[Rig]:
    """Valkey (every write fsynced) and PostgreSQL with the product's schema, and a pool of callbacks."""
    folder = Path(tempfile.mkdtemp(prefix="faceid-bench-"))
    base = without_settings(os.environ)
    try:
        valkey, postgres = servers.valkey(folder, env=base), servers.postgres(folder, env=base)
        async with (
            running(valkey) as valkey_pid,
            running(postgres) as postgres_pid,
            _clients(valkey.url, postgres.url) as (redis, database),
        ):
            pool = folder / "callbacks"
            save_callbacks(make_callbacks(callbacks), pool)
            vendor_port = ports.free_port()
            roles = Roles(base | _environment(valkey.url, postgres.url, vendor_port), folder / "logs")
            pids = (valkey_pid, postgres_pid)
            yield Rig(folder, pool, vendor_port, redis, valkey.url, database, *pids, roles)
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
        await waiting.until(done, patience=seconds, every=every)
    except TimeoutError:
        raise BenchFailed(f"not done within {seconds:g} s") from None


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def cpu_seconds_of_all(pid: int) -> float:
    """The processor time of a process and all its children so far, also of children that have ended."""
    whole = psutil.Process(pid)
    ended = whole.cpu_times()
    used = float(ended.children_user + ended.children_system)
    for each in (whole, *whole.children(recursive=True)):
        # A backend may end between being listed and being asked; the next reading counts it as ended.
        with suppress(psutil.NoSuchProcess):
            used += cpu_seconds(each.pid)
    return used


@asynccontextmanager
async def in_memory(rig: Rig) -> AsyncIterator[None]:
    """Valkey without its log for the block."""
    await forget(rig.redis)
    await rig.redis.config_set("appendonly", "no")
    yield
    await forget(rig.redis)
    await rig.redis.config_set("appendonly", "yes")

    async def begun() -> bool:
        info: dict[str, Any] = await rig.redis.info("persistence")
        return not info["aof_rewrite_in_progress"] and not info["aof_rewrite_scheduled"]

    await until(begun, seconds=30, every=0.05)


async def empty(rig: Rig) -> None:
    """Delete every callback and decision."""
    await forget(rig.redis)
    await rig.database.execute(f"TRUNCATE {', '.join(FILLED)} CASCADE")


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
    master_key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        **role_settings(redis_url, database_url, master_key=master_key, apps={APP_ID: app}),
        "FACEID_DURABILITY": "fsync",
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
