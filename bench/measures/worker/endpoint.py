"""Decisions per second of a worker with an endpoint that gets every decision, and without one.

With the endpoint, the worker delivers too (the default), or a separate sender does, which shares its core
with all else. The receiver keeps its connections and answers at once.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Final

from bench.measures.deliveries import ALLOW, delivered, receivers, sender
from bench.measures.worker.decided import WARM_UP, Round, measure_round, product_with, vendor_spec
from bench.report.console import show_progress
from bench.report.figures import Figure, cost_figure, rate_figure
from bench.rig import OTHER_CORES, Rig, running
from bench.traffic.callbacks import load_callbacks

TARGET: Final = 0.95
SIDES: Final = ("without", "with", "separate")


async def measure_endpoint(rig: Rig, *, rounds: int, jobs: int) -> list[Figure]:
    """Alternating rounds, each with a new worker process."""
    seen: dict[str, list[Round]] = {side: [] for side in SIDES}
    async with running(vendor_spec(rig)):
        for number in range(1, rounds + 1):
            for side in SIDES:
                done = await _round(rig, side, jobs)
                seen[side].append(done)
                show_progress(
                    f"endpoint {number}/{rounds} {side}: {done.rate:,.0f} decisions/s, "
                    f"{done.cpu:,.0f} µs CPU each, {done.postgres:,.0f} µs of PostgreSQL"
                )
    return [figure for side in SIDES[1:] for figure in _figures(side, seen)]


def _figures(side: str, seen: dict[str, list[Round]]) -> list[Figure]:
    name = {"with": "one endpoint", "separate": "one endpoint and a separate sender"}[side]
    sides = {"product": seen[side], "without": seen["without"]}
    rates = {key: [each.rate for each in rounds] for key, rounds in sides.items()}
    postgres = {key: [each.postgres for each in rounds] for key, rounds in sides.items()}
    return [
        rate_figure(f"decisions/s with {name}", rates, "without", target=TARGET if side == "with" else None),
        cost_figure(f"CPU µs of PostgreSQL per decision with {name}", postgres, peer="without"),
    ]


async def _round(rig: Rig, side: str, jobs: int) -> Round:
    callbacks = load_callbacks(rig.pool)[: WARM_UP + jobs]
    roles = rig.roles.with_settings(**ALLOW, **({"FACEID_ROLES": "record"} if side == "separate" else {}))
    contender = product_with(roles.worker())
    if side == "without":
        return await measure_round(rig, contender, callbacks)
    async with receivers(rig, 1), _sender(rig, side):
        return await measure_round(rig, contender, callbacks, rest=delivered)


@asynccontextmanager
async def _sender(rig: Rig, side: str) -> AsyncIterator[None]:
    async with running(sender(rig), cores=OTHER_CORES) if side == "separate" else nullcontext():
        yield
