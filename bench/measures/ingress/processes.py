"""The processor time of a callback with two ingress processes against one, at the same rate for each process.

At a constant rate, not at the peak: two processes, the load generator and Valkey share the cores, so a peak
would show who gets which core. All processes of a side count, with the supervisor of the two.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from bench.measures.ingress.contenders import Side
from bench.report.console import show_progress
from bench.report.figures import Figure, median
from bench.rig import OTHER_CORES, SERVER_CORE, Rig, cpu_seconds_of_all, empty, forget, running
from bench.traffic.paced import Pace, run_paced
from devstack.ports import free_port

EACH: Final = 1_500
"""Callbacks per second for each process, one by one."""

CONNECTIONS: Final = 64
"""Enough that the kernel gives each process about half of them."""

TARGET: Final = 0.9
_WARM_UP: Final = 0.5


async def measure_processes(rig: Rig, *, rounds: int, seconds: float) -> list[Figure]:
    """Alternating rounds of one process and of two."""
    await empty(rig)
    seen: dict[int, list[float]] = {1: [], 2: []}
    async with _ingress(rig) as one, _ingress(rig, processes=2) as two:
        sides = {1: one, 2: two}
        for processes, side in sides.items():
            await _cost(rig, side, processes, _WARM_UP)
        for number in range(1, rounds + 1):
            for processes, side in sides.items():
                seen[processes].append(await _cost(rig, side, processes, seconds))
                show_progress(
                    f"processes {number}/{rounds}, {processes} at {processes * EACH:,}/s: "
                    f"{seen[processes][-1]:.0f} µs CPU each"
                )
    return [_figure(seen)]


@asynccontextmanager
async def _ingress(rig: Rig, *, processes: int | None = None) -> AsyncIterator[Side]:
    port = free_port()
    spec = rig.roles.ingress(port, name=f"ingress-{processes or 1}", processes=processes)
    async with running(spec, cores=SERVER_CORE | OTHER_CORES) as pid:
        yield Side(spec.name, port, pid)


async def _cost(rig: Rig, side: Side, processes: int, seconds: float) -> float:
    rate = EACH * processes
    used, count = cpu_seconds_of_all(side.pid), int(rate * seconds)
    await run_paced(side.port, rig.pool, Pace(rate, count, spread=CONNECTIONS))
    cost = (cpu_seconds_of_all(side.pid) - used) / count * 1e6
    await forget(rig.redis)
    return cost


def _figure(seen: Mapping[int, list[float]]) -> Figure:
    one, two = (median(seen[processes]) for processes in (1, 2))
    return Figure(
        name=f"CPU µs per callback, 2 processes at {2 * EACH:,}/s : 1 at {EACH:,}/s",
        product=f"{two:,.0f}",
        peer=f"{one:,.0f}",
        value=one / two,
        target=TARGET,
        rates={"product": seen[2], "one process": seen[1]},
    )
