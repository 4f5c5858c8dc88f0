"""Accepted callbacks per second and Redis memory per waiting callback, compared with the naive ingress."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec

from bench.report import Figure, cpu_figure, median, show_progress
from bench.rig import SERVER_CORE, BenchFailed, Rig, cpu_seconds, forget, running
from bench.traffic.callbacks import load_callbacks
from bench.traffic.load import Load, LoadResult, run_load
from devstack.ports import free_port

TARGET_RATIO: Final = 5.0
TARGET_BYTES: Final = 0.5
QUIET_CALLBACKS: Final = 2_000


class _Side(msgspec.Struct, frozen=True):
    name: str
    port: int
    pid: int


async def measure_ingress(rig: Rig, *, rounds: int, seconds: float, waiting: int) -> list[Figure]:
    """Throughput in alternating rounds, then bytes per waiting callback; both servers keep running."""
    async with _sides(rig) as (product, naive):
        figures = await _throughput(rig, product, naive, rounds=rounds, seconds=seconds)
        busy, quiet = Load(requests=waiting), Load(connections=1, requests=min(waiting, QUIET_CALLBACKS))
        for name, load in (("under load", busy), ("one by one", quiet)):
            figures.append(await _bytes(rig, product, naive, name=name, load=load))
    return figures


@asynccontextmanager
async def _sides(rig: Rig) -> AsyncIterator[tuple[_Side, _Side]]:
    port, naive_port = free_port(), free_port()
    ingress = rig.roles.ingress(port)
    naive = rig.roles.program(
        "naive-ingress", "-m", "bench.baselines.ingress", str(naive_port), port=naive_port
    )
    async with (
        running(ingress, cores=SERVER_CORE) as pid,
        running(naive, cores=SERVER_CORE) as naive_pid,
    ):
        yield _Side("product", port, pid), _Side("naive", naive_port, naive_pid)


async def _throughput(rig: Rig, product: _Side, naive: _Side, *, rounds: int, seconds: float) -> list[Figure]:
    load = Load(seconds=seconds, warm_up=1)
    seen: dict[str, list[LoadResult]] = {product.name: [], naive.name: []}
    cpu: dict[str, list[float]] = {product.name: [], naive.name: []}
    for number in range(1, rounds + 1):
        for side in (product, naive):
            used = cpu_seconds(side.pid)
            result = await _run(rig, side, load)
            seen[side.name].append(result)
            cpu[side.name].append((cpu_seconds(side.pid) - used) / result.answered * 1e6)
            show_progress(
                f"ingress {number}/{rounds} {side.name}: {result.rate:,.0f}/s, "
                f"p50 {result.p50:.1f} ms, p99 {result.p99:.1f} ms, {cpu[side.name][-1]:.0f} µs CPU each"
            )
    rate, naive_rate = (median(result.rate for result in seen[side.name]) for side in (product, naive))
    figure = Figure(
        name="accepted callbacks/s, fsync",
        product=f"{rate:,.0f} ({_latencies(seen[product.name])})",
        naive=f"{naive_rate:,.0f} ({_latencies(seen[naive.name])})",
        value=rate / naive_rate,
        target=TARGET_RATIO,
        rates={name: [result.rate for result in results] for name, results in seen.items()},
        rounds=msgspec.to_builtins(seen),
    )
    return [figure, cpu_figure("CPU µs per accepted callback", cpu)]


async def _bytes(rig: Rig, product: _Side, naive: _Side, *, name: str, load: Load) -> Figure:
    forms = [len(callback.form) for callback in load_callbacks(rig.pool)[: load.requests]]
    share: dict[str, float] = {}
    for side in (product, naive):
        await forget(rig.redis)
        before = await _memory(rig)
        await _load(rig, side, load)
        share[side.name] = (await _memory(rig) - before) / sum(forms)
        show_progress(f"Redis bytes {name}, {side.name}: {share[side.name]:.2f} of the form")
    await forget(rig.redis)
    form = sum(forms) / len(forms)
    return Figure(
        name=f"Redis bytes / form bytes, {name}",
        product=f"{share[product.name]:.2f} ({share[product.name] * form:,.0f} B)",
        naive=f"{share[naive.name]:.2f} ({share[naive.name] * form:,.0f} B)",
        value=share[product.name],
        target=TARGET_BYTES,
        at_most=True,
        rounds={"callbacks": load.requests, "form_bytes": form, **share},
    )


def _latencies(results: list[LoadResult]) -> str:
    p50, p99 = median(result.p50 for result in results), median(result.p99 for result in results)
    return f"{p50:.0f} / {p99:.0f} ms"


async def _run(rig: Rig, side: _Side, load: Load) -> LoadResult:
    """One round on an empty Redis."""
    await forget(rig.redis)
    try:
        return await _load(rig, side, load)
    finally:
        await forget(rig.redis)


async def _load(rig: Rig, side: _Side, load: Load) -> LoadResult:
    result = await run_load(side.port, rig.pool, load)
    if result.refused or not result.accepted:
        raise BenchFailed(f"{side.name}: {result.refused} of the callbacks were refused")
    return result


async def _memory(rig: Rig) -> int:
    """Redis's memory without the buffers of connections and of the log, which vary."""
    info: dict[str, Any] = await rig.redis.info("memory")
    return int(info["used_memory"] - info["mem_clients_normal"] - info["mem_aof_buffer"])
