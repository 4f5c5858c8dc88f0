"""Lookups by biz_id per second and µs of each, compared with FastAPI and SQLAlchemy's ORM, by size."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final, NamedTuple
from urllib.parse import quote

import msgspec

from adapters.postgres.engine import create_engine
from adapters.store.tokens import PgTokens, new_token
from bench.report import Figure, cpu_figure, median, show_progress
from bench.rig import SERVER_CORE, BenchFailed, Rig, cpu_seconds, running
from bench.traffic.load import Load, LoadResult, run_load
from bench.traffic.seeding import seed
from devstack.ports import free_port

TARGET: Final = 2.0
CONNECTIONS: Final = 32
REQUESTS: Final = 50_000
"""Different requests; more begin again with the first one."""


class _Side(NamedTuple):
    name: str
    port: int
    pid: int


async def measure_lookups(rig: Rig, *, rounds: int, seconds: float, sizes: Sequence[int]) -> list[Figure]:
    """Lookups of random verifications at each size; the database grows from one size to the next."""
    token = new_token()
    engine = create_engine(rig.roles.env["FACEID_DATABASE_URL"])
    await PgTokens(engine).put("bench", token, scopes=["verifications:read"])
    await engine.dispose()
    figures: list[Figure] = []
    for size in sizes:
        show_progress(f"lookups: filling the database to {size:,} verifications")
        requests = rig.folder / "lookups"
        _write_requests(requests, await seed(rig, count=size), token)
        figures += await _measure(rig, requests, size=size, rounds=rounds, seconds=seconds)
    return figures


def _write_requests(file: Path, biz_ids: Sequence[str], token: str) -> None:
    random = Random(1)
    head = f"HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\naccept: */*\r\n\r\n"
    chosen = random.choices(biz_ids, k=REQUESTS)
    requests = [f"GET /v1/verifications/{quote(biz_id)} {head}".encode() for biz_id in chosen]
    file.write_bytes(msgspec.msgpack.encode(requests))


@asynccontextmanager
async def _sides(rig: Rig) -> AsyncIterator[tuple[_Side, _Side]]:
    port, naive_port = free_port(), free_port()
    unlimited = {"FACEID_API_RATE": "100000"}
    api = rig.roles.with_settings(**unlimited).api(port)
    naive = rig.roles.program(
        "naive-lookups", "-m", "bench.baselines.lookups", str(naive_port), port=naive_port
    )
    async with running(api, cores=SERVER_CORE) as pid, running(naive, cores=SERVER_CORE) as naive_pid:
        yield _Side("product", port, pid), _Side("naive", naive_port, naive_pid)


async def _measure(rig: Rig, requests: Path, *, size: int, rounds: int, seconds: float) -> list[Figure]:
    load = Load(connections=CONNECTIONS, seconds=seconds, warm_up=1, ready=True)
    seen: dict[str, list[LoadResult]] = {"product": [], "naive": []}
    cpu: dict[str, list[float]] = {"product": [], "naive": []}
    async with _sides(rig) as sides:
        for number in range(1, rounds + 1):
            for side in sides:
                used = cpu_seconds(side.pid)
                result = await _run(side, requests, load)
                cpu[side.name].append((cpu_seconds(side.pid) - used) / result.answered * 1e6)
                seen[side.name].append(result)
                show_progress(
                    f"lookups of {size:,} {number}/{rounds} {side.name}: {result.rate:,.0f}/s, "
                    f"p50 {result.p50:.1f} ms, p99 {result.p99:.1f} ms, {cpu[side.name][-1]:.0f} µs CPU each"
                )
    return [_figure(f"lookups/s at {size:,}", seen), cpu_figure(f"CPU µs per lookup at {size:,}", cpu)]


async def _run(side: _Side, requests: Path, load: Load) -> LoadResult:
    result = await run_load(side.port, requests, load)
    if result.refused or not result.accepted:
        raise BenchFailed(f"{side.name}: {result.refused} of the lookups were refused")
    return result


def _figure(name: str, seen: dict[str, list[LoadResult]]) -> Figure:
    rate, naive = (median(result.rate for result in seen[side]) for side in ("product", "naive"))
    return Figure(
        name=name,
        product=f"{rate:,.0f}",
        naive=f"{naive:,.0f}",
        value=rate / naive,
        target=TARGET,
        rates={side: [result.rate for result in results] for side, results in seen.items()},
        rounds=msgspec.to_builtins(seen),
    )
