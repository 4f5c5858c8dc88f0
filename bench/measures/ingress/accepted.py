"""Accepted callbacks per second, CPU and Redis memory of each, compared with other ingresses."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from bench.failure import BenchFailed
from bench.measures.ingress.contenders import Side, ingresses, install_fastify
from bench.report.console import show_progress
from bench.report.figures import Figure, cost_figure, limit, median, rate_figure
from bench.rig import Rig, cpu_seconds, empty, forget, in_memory
from bench.traffic.callbacks import load_callbacks
from bench.traffic.load import Load, LoadResult, run_load
from bench.traffic.paced import Pace, run_paced

FSYNC: Final = {"naive": 5.0, "Fastify": 2.5}
MEMORY: Final = {"naive": 8.0, "Fastify": 2.5, "bare": 0.45}
"""The other ingresses of each durability, and the least ratio to them."""

TARGET_BYTES: Final = 0.5
QUIET_CALLBACKS: Final = 2_000

PACE: Final = 1_000
PACED_ROUNDS: Final = 3
TARGET_COST: Final = 250
"""Callbacks per second, one by one, and the most that one may cost then in µs."""

Times = dict[str, list[float]]


async def measure_ingress(rig: Rig, *, rounds: int, seconds: float, waiting: int) -> list[Figure]:
    """Throughput with each durability in alternating rounds, cost one by one, bytes while waiting."""
    await empty(rig)
    await install_fastify(rig)
    async with ingresses(rig, ("product", *FSYNC), durability="fsync") as sides:
        figures = await _throughput(rig, sides, FSYNC, name="fsync", rounds=rounds, seconds=seconds)
        figures += await _one_by_one(rig, sides, rounds=rounds, seconds=seconds)
        busy, quiet = Load(requests=waiting), Load(connections=1, requests=min(waiting, QUIET_CALLBACKS))
        for name, load in (("under load", busy), ("one by one", quiet)):
            figures.append(await _bytes(rig, sides, name=name, load=load))
    async with in_memory(rig), ingresses(rig, ("product", *MEMORY), durability="memory") as sides:
        figures += await _throughput(rig, sides, MEMORY, name="memory", rounds=rounds, seconds=seconds)
    return figures


async def _throughput(
    rig: Rig, sides: Sequence[Side], targets: Mapping[str, float], *, name: str, rounds: int, seconds: float
) -> list[Figure]:
    load = Load(seconds=seconds, warm_up=0.3)
    seen: dict[str, list[LoadResult]] = {side.name: [] for side in sides}
    cost: Times = {side.name: [] for side in sides}
    for number in range(1, rounds + 1):
        for side in sides:
            used = cpu_seconds(side.pid)
            result = await _run(rig, side, load)
            seen[side.name].append(result)
            cost[side.name].append((cpu_seconds(side.pid) - used) / result.answered * 1e6)
            show_progress(
                f"ingress, {name}, {number}/{rounds} {side.name}: {result.rate:,.0f}/s, "
                f"p50 {result.p50:.1f} ms, p99 {result.p99:.1f} ms, {cost[side.name][-1]:.0f} µs CPU each"
            )
    rates = {side: [result.rate for result in results] for side, results in seen.items()}
    figures = [
        rate_figure(f"accepted/s, {name}", rates, peer, target=least) for peer, least in targets.items()
    ]
    first = _with_latencies(figures[0], seen)
    costs = cost_figure(f"CPU µs per accepted callback, {name}", cost)
    return [first, *figures[1:], costs]


def _with_latencies(figure: Figure, seen: Mapping[str, Sequence[LoadResult]]) -> Figure:
    """The row with the latencies of the product and of the naive side, and with every round of all."""
    product, naive = (_latencies(seen[side]) for side in ("product", "naive"))
    return msgspec.structs.replace(
        figure,
        product=f"{figure.product} ({product})",
        peer=f"{figure.peer} ({naive})",
        rounds=msgspec.to_builtins(seen),
    )


async def _one_by_one(rig: Rig, sides: Sequence[Side], *, rounds: int, seconds: float) -> list[Figure]:
    """The cost of a callback at a constant rate, where no callback waits for others."""
    cost: Times = {side.name: [] for side in sides}
    for number in range(1, min(rounds, PACED_ROUNDS) + 1):
        for side in sides:
            await forget(rig.redis)
            used, count = cpu_seconds(side.pid), int(PACE * seconds)
            result = await run_paced(side.port, rig.pool, Pace(PACE, count))
            cost[side.name].append((cpu_seconds(side.pid) - used) / count * 1e6)
            show_progress(
                f"ingress, {PACE:,}/s one by one, {number}/{rounds} {side.name}: p50 {result.p50:.1f} ms, "
                f"p99 {result.p99:.1f} ms, {cost[side.name][-1]:.0f} µs CPU each"
            )
    await forget(rig.redis)
    name = f"CPU µs per callback at {PACE:,}/s one by one"
    ours = limit(f"{name}, fsync", median(cost["product"]), "µs", target=TARGET_COST)
    return [ours, *(cost_figure(f"{name} : {peer}", cost, peer=peer) for peer in FSYNC)]


async def _bytes(rig: Rig, sides: Sequence[Side], *, name: str, load: Load) -> Figure:
    forms = [len(callback.form) for callback in load_callbacks(rig.pool)[: load.requests]]
    form = sum(forms) / len(forms)
    share: dict[str, float] = {}
    for side in (side for side in sides if side.name in ("product", "naive")):
        await forget(rig.redis)
        before = await _memory(rig)
        await _load(rig, side, load)
        share[side.name] = (await _memory(rig) - before) / (form * load.requests)
        show_progress(f"Redis bytes {name}, {side.name}: {share[side.name]:.2f} of the form")
    await forget(rig.redis)
    return Figure(
        name=f"Redis bytes of a waiting callback, {name}",
        product=f"{share['product']:.2f} ({share['product'] * form:,.0f} B)",
        peer=f"{share['naive']:.2f} ({share['naive'] * form:,.0f} B)",
        value=share["product"],
        target=TARGET_BYTES,
        at_most=True,
        unit="of the form",
        rounds={"callbacks": load.requests, "form_bytes": form, **share},
    )


def _latencies(results: Sequence[LoadResult]) -> str:
    p50, p99 = median(result.p50 for result in results), median(result.p99 for result in results)
    return f"{p50:.0f} / {p99:.0f} ms"


async def _run(rig: Rig, side: Side, load: Load) -> LoadResult:
    """One round on an empty Redis."""
    await forget(rig.redis)
    try:
        return await _load(rig, side, load)
    finally:
        await forget(rig.redis)


async def _load(rig: Rig, side: Side, load: Load) -> LoadResult:
    result = await run_load(side.port, rig.pool, load)
    if result.refused or not result.accepted:
        raise BenchFailed(f"{side.name}: {result.refused} of the callbacks were refused")
    return result


async def _memory(rig: Rig) -> int:
    """Redis's memory without the buffers of connections and of the log, which vary."""
    info: dict[str, Any] = await rig.redis.info("memory")
    return int(info["used_memory"] - info["mem_clients_normal"] - info["mem_aof_buffer"])
