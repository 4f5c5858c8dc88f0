"""`make bench`: product and baselines side by side, one table. Exit code 0 when it ran; see --strict."""

import argparse
import asyncio
import contextlib
import signal
import sys
import time

import msgspec

from bench.measures.ingress import measure_ingress
from bench.measures.latency import measure_latency
from bench.measures.lookups import measure_lookups
from bench.measures.steady import RATES, WARM_UP, measure_steady
from bench.measures.worker import measure_worker
from bench.report import Figure, console, describe_machine, save, show, show_noise
from bench.rig import BenchFailed, Rig, standing_rig
from devstack.processes import StartFailed
from devstack.servers import ServerMissing

PARTS = ("ingress", "worker", "steady", "latency", "lookups")


class Plan(msgspec.Struct, frozen=True):
    """The size of the measurements."""

    rounds: int = 5
    seconds: float = 4.0
    waiting: int = 5_000
    jobs: int = 3_000
    latencies: int = 200
    steady: float = 10.0
    sizes: tuple[int, ...] = (2_000, 1_000_000)


QUICK = Plan(
    rounds=3, seconds=2.0, waiting=1_000, jobs=1_500, latencies=60, steady=5.0, sizes=(2_000, 100_000)
)


def main() -> int:
    """Run the benchmark and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute: fewer and shorter rounds")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a figure misses its target")
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone; may be repeated")
    given = parser.parse_args()
    try:
        figures = asyncio.run(_run(QUICK if given.quick else Plan(), parts=given.only or PARTS))
    except (BenchFailed, StartFailed, ServerMissing, TimeoutError) as error:
        sys.stderr.write(f"bench: {error or 'something took too long'}\n")
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.stderr.write("bench: interrupted; everything is stopped and removed\n")
        return 130
    return 1 if given.strict and not all(figure.ok for figure in figures) else 0


async def _run(plan: Plan, *, parts: tuple[str, ...]) -> list[Figure]:
    task = asyncio.current_task()
    assert task is not None
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    begin = time.perf_counter()
    console.print("Starting PostgreSQL and Valkey in a throw-away folder …", highlight=False)
    figures: list[Figure] = []
    async with standing_rig(
        callbacks=max(plan.waiting, plan.jobs + 1_000, int(max(RATES) * plan.steady) + WARM_UP)
    ) as rig:
        machine = await describe_machine(rig)
        for part in parts:
            figures += await _measure(rig, plan, part)
    show(figures, machine)
    show_noise(figures)
    save(figures, machine)
    console.print(f"{time.perf_counter() - begin:.0f} s in all.", highlight=False)
    return figures


async def _measure(rig: Rig, plan: Plan, part: str) -> list[Figure]:
    if part == "ingress":
        return await measure_ingress(rig, rounds=plan.rounds, seconds=plan.seconds, waiting=plan.waiting)
    if part == "worker":
        return await measure_worker(rig, rounds=plan.rounds, jobs=plan.jobs)
    if part == "steady":
        return await measure_steady(rig, seconds=plan.steady)
    if part == "lookups":
        return await measure_lookups(rig, rounds=plan.rounds, seconds=plan.seconds, sizes=plan.sizes)
    return await measure_latency(rig, callbacks=plan.latencies)


if __name__ == "__main__":
    sys.exit(main())
