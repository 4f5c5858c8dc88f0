"""Decisions per second of a worker with epoch keys and without, and how fast stored keys are rewrapped."""

import base64
import time
from typing import Final

from adapters.keys.epochs import Epochs
from adapters.keys.folder import FolderKeys
from adapters.postgres.engine import create_engine
from adapters.sealing.envelope import KeyRing
from adapters.store.identity.keys.rewrap import Rewrap
from bench.failure import BenchFailed
from bench.measures.worker.decided import WARM_UP, Round, measure_round, product_with, vendor_spec
from bench.report.console import show_progress
from bench.report.figures import Figure, cost_figure, rate_figure
from bench.rig import Rig, empty, running
from bench.traffic.callbacks import load_callbacks
from bench.traffic.seeding import seed_sealed

TARGET: Final = 0.95
REWRAPS: Final = 10_000.0
SIDES: Final = ("without", "with")


async def measure_keys(rig: Rig, *, rounds: int, jobs: int, rows: int) -> list[Figure]:
    """Alternating rounds, each with a new worker process; then one run over `rows` verifications."""
    seen: dict[str, list[Round]] = {side: [] for side in SIDES}
    async with running(vendor_spec(rig)):
        for number in range(1, rounds + 1):
            # In turns, because what one round leaves to do in PostgreSQL slows down the next.
            for side in SIDES if number % 2 else SIDES[::-1]:
                done = await _round(rig, side, jobs)
                seen[side].append(done)
                show_progress(
                    f"keys {number}/{rounds} {side}: {done.rate:,.0f} decisions/s, "
                    f"{done.cpu:,.0f} µs CPU each"
                )
    rates = {_NAMES[side]: [each.rate for each in seen[side]] for side in SIDES}
    cpu = {_NAMES[side]: [each.cpu for each in seen[side]] for side in SIDES}
    return [
        rate_figure("decisions/s with epoch keys", rates, "without", target=TARGET),
        cost_figure("CPU µs of the worker per decision with epoch keys", cpu, peer="without"),
        await _measure_rewrap(rig, rows),
    ]


_NAMES: Final = {"with": "product", "without": "without"}


async def _round(rig: Rig, side: str, jobs: int) -> Round:
    url = (rig.folder / "keys").as_uri()
    roles = rig.roles.with_settings(FACEID_KEYS_URL=url) if side == "with" else rig.roles
    return await measure_round(rig, product_with(roles.worker()), load_callbacks(rig.pool)[: WARM_UP + jobs])


async def _measure_rewrap(rig: Rig, rows: int) -> Figure:
    show_progress(f"keys: filling the database with {rows:,} verifications")
    await empty(rig)
    await seed_sealed(rig, count=rows)
    env = rig.roles.env
    ring = KeyRing([base64.b64decode(env["FACEID_MASTER_KEYS"])])
    engine = create_engine(env["FACEID_DATABASE_URL"])
    try:
        rewrap = Rewrap(engine, ring, Epochs(FolderKeys(rig.folder / "rewrap-keys"), ring))
        begin = time.perf_counter()
        done = [step.done async for step in rewrap.steps()]
        rate = rows / (time.perf_counter() - begin)
    finally:
        await engine.dispose()
    if sum(done) != rows:
        raise BenchFailed(f"{sum(done)} of {rows} keys were rewrapped")
    show_progress(f"keys: {rate:,.0f} rewrapped/s")
    shown = f"{rate:,.0f} rows/s"
    return Figure("keys rewrapped/s : 10,000", shown, "10,000", rate / REWRAPS, target=1.0)
