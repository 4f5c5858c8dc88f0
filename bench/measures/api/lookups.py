"""Lookups by biz_id per second and µs of each, compared with FastAPI and SQLAlchemy's ORM, by size."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import quote

import msgspec

from adapters.postgres.engine import create_engine
from adapters.sealing.random_secrets import new_secret
from adapters.store.people.api_tokens import PgTokens
from bench.failure import BenchFailed
from bench.measures.ingress.contenders import Side
from bench.report.console import show_progress
from bench.report.figures import Figure, cost_figure, rate_figure
from bench.rig import SERVER_CORE, Rig, cpu_seconds, empty, running
from bench.traffic.callbacks import APP_ID
from bench.traffic.load import Load, LoadResult, run_load
from bench.traffic.seeding import seed
from devstack.ports import free_port

TARGET: Final = 2.0
CONNECTIONS: Final = 32
REQUESTS: Final = 50_000
"""Different requests; more begin again with the first one."""


async def measure_lookups(rig: Rig, *, rounds: int, seconds: float, sizes: Sequence[int]) -> list[Figure]:
    """Lookups of random verifications at each size; the database grows from one size to the next, and keeps
    the last one."""
    await empty(rig)
    token = await put_token(rig, "lookups", apps=[APP_ID], scopes=["verifications:read"])
    figures: list[Figure] = []
    for size in sizes:
        show_progress(f"lookups: filling the database to {size:,} verifications")
        file = rig.folder / "lookups"
        write_requests(file, [lookup_of(biz_id) for biz_id in _some(await seed(rig, count=size))], token)
        figures += await _measure(rig, file, size=size, rounds=rounds, seconds=seconds)
    return figures


def _some(biz_ids: Sequence[str]) -> Sequence[str]:
    return Random(1).choices(biz_ids, k=REQUESTS)


def lookup_of(biz_id: str) -> str:
    """The path of a lookup."""
    return f"/v1/verifications/{quote(biz_id)}"


async def put_token(rig: Rig, name: str, *, apps: Sequence[str], scopes: Sequence[str]) -> str:
    """A new token with these rights."""
    token, engine = new_secret(), create_engine(rig.roles.env["FACEID_DATABASE_URL"])
    await PgTokens(engine).put(name, token, apps=apps, scopes=scopes)
    await engine.dispose()
    return token


def write_requests(file: Path, paths: Sequence[str], token: str) -> None:
    """Save complete requests for the load generator."""
    head = f"HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\naccept: */*\r\n\r\n"
    file.write_bytes(msgspec.msgpack.encode([f"GET {path} {head}".encode() for path in paths]))


@asynccontextmanager
async def running_api(rig: Rig, **settings: str) -> AsyncIterator[Side]:
    """The product's api on the measured core, without a limit per token."""
    port = free_port()
    api = rig.roles.with_settings(FACEID_API_RATE="100000", **settings).api(port)
    async with running(api, cores=SERVER_CORE) as pid:
        yield Side("product", port, pid)


@asynccontextmanager
async def _sides(rig: Rig) -> AsyncIterator[tuple[Side, Side]]:
    port = free_port()
    argv = ("-m", "bench.baselines.lookups", str(port))
    naive = rig.roles.program("naive-lookups", *argv, port=port)
    async with running_api(rig) as product, running(naive, cores=SERVER_CORE) as pid:
        yield product, Side("naive", port, pid)


async def _measure(rig: Rig, requests: Path, *, size: int, rounds: int, seconds: float) -> list[Figure]:
    load = Load(connections=CONNECTIONS, seconds=seconds, warm_up=min(1.0, seconds), ready=True)
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
                    f"lookups at {size:,}, {number}/{rounds} {side.name}: {result.rate:,.0f}/s, "
                    f"p50 {result.p50:.1f} ms, p99 {result.p99:.1f} ms, {cpu[side.name][-1]:.0f} µs CPU each"
                )
    rates = {name: [result.rate for result in results] for name, results in seen.items()}
    return [
        rate_figure(f"lookups/s at {size:,}", rates, "naive", target=TARGET),
        cost_figure(f"CPU µs per lookup at {size:,}", cpu),
    ]


async def _run(side: Side, requests: Path, load: Load) -> LoadResult:
    result = await run_load(side.port, requests, load)
    if result.refused or not result.accepted:
        raise BenchFailed(f"{side.name}: {result.refused} of the lookups were refused")
    return result
