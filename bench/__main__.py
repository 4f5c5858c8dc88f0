"""`make bench`: product and baselines side by side, one table, one picture.

Exit code 0 when it ran; with --strict 1 when a target is missed or a figure is worse than the committed one.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence

import msgspec

from bench.failure import BenchFailed
from bench.measures.api.lists import measure_lists
from bench.measures.api.lookups import measure_lookups
from bench.measures.deliveries import measure_deliveries
from bench.measures.ingress.accepted import measure_ingress
from bench.measures.ingress.idle import measure_idle
from bench.measures.ingress.latency import measure_latency
from bench.measures.ingress.processes import measure_processes
from bench.measures.ingress.steady import measure_steady
from bench.measures.worker.decided import measure_worker
from bench.measures.worker.drain import measure_drain
from bench.measures.worker.endpoint import measure_endpoint
from bench.measures.worker.keys import measure_keys
from bench.measures.worker.upkeep import measure_upkeep
from bench.measures.worker.young import measure_young
from bench.plan import LONG, PARTS, QUICK, WHOLE, Plan
from bench.report.console import console, show, show_noise, show_part
from bench.report.figures import Figure
from bench.report.machine import describe_machine
from bench.report.page import write_page
from bench.report.picture import draw
from bench.report.results import RESULTS, Results, load, save, worse_than
from bench.rig import Rig, standing_rig
from devstack.processes import StartFailed
from devstack.servers import ServerMissing


def main() -> int:
    """Run the benchmark and return the exit code."""
    given = _arguments()
    plan = QUICK if given.quick else LONG if given.long else WHOLE
    try:
        before = load() if given.strict else None
        results = asyncio.run(_run(plan, parts=given.only or plan.parts))
    except (BenchFailed, StartFailed, ServerMissing, TimeoutError, msgspec.ValidationError) as error:
        sys.stderr.write(f"bench: {error or 'something took too long'}\n")
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.stderr.write("bench: interrupted; everything is stopped and removed\n")
        return 130
    if given.strict:
        return judge(results.figures, before=[] if before is None else before.figures)
    if not (given.quick or given.only):
        _keep(results)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="a minute and a half: fewer and shorter rounds")
    size.add_argument(
        "--long", action="store_true", help="drain a queue of a million callbacks, not of 200,000"
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit with 1 when a figure misses its target or is over 10 %% worse than in bench/results.json",
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="this part alone; may be repeated")
    return parser.parse_args()


def judge(figures: Sequence[Figure], *, before: Sequence[Figure]) -> int:
    """Print what is missed or worse, and return the exit code. The files stay as they are."""
    missed = [figure.name for figure in figures if not figure.ok]
    worse = worse_than(before, figures)
    for title, lines in (("Missed its target", missed), (f"Worse than in {RESULTS.name}", worse)):
        for line in lines:
            console.print(f"{title}: {line}", highlight=False, markup=False)
    return 1 if missed or worse else 0


def _keep(results: Results) -> None:
    """Write the figures, the page and the picture of a whole run."""
    save(results)
    page, picture = RESULTS.with_suffix(".md"), RESULTS.with_suffix(".svg")
    page.write_text(write_page(results), encoding="utf-8")
    picture.write_text(draw(results.figures), encoding="utf-8")
    console.print(
        f"Every round: {RESULTS}; the page: {page}; the picture: {picture}", highlight=False, soft_wrap=True
    )


async def _run(plan: Plan, *, parts: Sequence[str]) -> Results:
    task = asyncio.current_task()
    assert task is not None
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    show_part("starting PostgreSQL and Valkey in a throw-away folder")
    figures: list[Figure] = []
    async with standing_rig(callbacks=plan.pool) as rig:
        machine = await describe_machine(rig)
        for number, part in enumerate(parts, 1):
            show_part(f"{number}/{len(parts)} {part}")
            figures += await _measure(rig, plan, part)
    show_part("done")
    show(figures, machine)
    show_noise(figures)
    return Results(machine, figures)


async def _measure(rig: Rig, plan: Plan, part: str) -> list[Figure]:
    rounds, seconds, sizes = plan.rounds, plan.seconds, plan.sizes
    measured = {
        "ingress": lambda: measure_ingress(rig, rounds=rounds, seconds=seconds, waiting=plan.waiting),
        "worker": lambda: measure_worker(rig, rounds=rounds, jobs=plan.jobs),
        "steady": lambda: measure_steady(rig, rates=plan.rates, seconds=plan.steady),
        "latency": lambda: measure_latency(rig, callbacks=plan.latencies),
        "young": lambda: measure_young(rig, count=plan.young),
        "lookups": lambda: measure_lookups(rig, rounds=rounds, seconds=seconds, sizes=sizes),
        "lists": lambda: measure_lists(rig, size=max(sizes), letters=plan.letters),
        "deliveries": lambda: measure_deliveries(
            rig, rounds=rounds, events=plan.events, latencies=plan.latencies
        ),
        "endpoint": lambda: measure_endpoint(rig, rounds=rounds, jobs=plan.jobs),
        "keys": lambda: measure_keys(rig, rounds=rounds, jobs=plan.jobs, rows=plan.rewraps),
        "upkeep": lambda: measure_upkeep(rig, rounds=rounds, jobs=plan.jobs, rows=plan.aged),
        "processes": lambda: measure_processes(rig, rounds=rounds, seconds=seconds),
        "idle": lambda: measure_idle(rig, connections=plan.connections),
        "drain": lambda: measure_drain(rig, rounds=min(rounds, 3), waiting=plan.drain),
    }
    return await measured[part]()


if __name__ == "__main__":
    sys.exit(main())
