"""Callbacks at a constant rate, one by one: whether ingress and worker keep up, and the time to the decision.

Product and naive pair with the instant vendor; the worker has its own core, all else shares the others.
A benchmark that fills and empties a queue measures only large groups; this is what users experience.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from bench.failure import BenchFailed
from bench.measures.ingress.contenders import Side, ingresses
from bench.measures.worker.decided import naive_worker, vendor_spec
from bench.report.console import show_progress
from bench.report.figures import NOT_MEASURED, Figure, limit
from bench.rig import SERVER_CORE, Rig, cpu_seconds, cpu_seconds_of_all, empty, running
from bench.traffic.callbacks import number_of
from bench.traffic.paced import Pace, percentile, run_paced

KEEPS_UP_AT: Final = 900
"""Every rate up to this one has to be kept."""

KEEPS_UP_WITHIN: Final = 1.0
TARGET_RATIO: Final = 2.0
TARGET_P50: Final = {300: 50.0}
TARGET_P99: Final = {300: 200.0}
WARM_UP: Final = Pace(rate=50, count=50)
NAIVE_JOBS: Final = 50
_PATIENCE: Final = 10.0

_COUNTS: Final = {
    "product": "SELECT count(*) FROM decisions",
    "naive": "SELECT count(*) FROM naive_decisions",
}
_DECIDED: Final = {
    "product": """
        SELECT v.biz_id, extract(epoch FROM t.at)::float8 AS at
        FROM timeline t JOIN verifications v ON v.id = t.verification_id
        WHERE t.event = 'decision.saved' AND t.at >= to_timestamp($1)
    """,
    "naive": """
        SELECT biz_id, extract(epoch FROM decided_at)::float8 AS at
        FROM naive_decisions WHERE decided_at >= to_timestamp($1)
    """,
}


class Run(msgspec.Struct, frozen=True):
    """One rate. `left`: callbacks without a decision one second after the last was due; `decided`: decisions
    per second; ms from when a callback was due to its decision; µs of processor time for each."""

    rate: int
    left: int
    decided: float
    p50: float
    p99: float
    ingress: float
    worker: float
    postgres: float
    valkey: float

    @property
    def cost(self) -> float:
        """µs of all four."""
        return self.ingress + self.worker + self.postgres + self.valkey

    @property
    def costs(self) -> str:
        """The µs of each."""
        parts = (self.ingress, self.worker, self.postgres, self.valkey)
        return " + ".join(f"{part:,.0f}" for part in parts)

    def __str__(self) -> str:
        return f"{self.left} (p50 {self.p50:,.0f}, p99 {self.p99:,.0f} ms)"


class _Pair(msgspec.Struct, frozen=True):
    """An ingress and its worker that run."""

    ingress: Side
    worker: int


async def measure_steady(rig: Rig, *, rates: Sequence[int], seconds: float) -> list[Figure]:
    """Send at each rate for this many seconds; each side until it falls behind twice, or for ten seconds."""
    async with running(vendor_spec(rig)):
        runs = {side: await _measure(rig, side, rates, seconds) for side in ("product", "naive")}
    figures = [_left(rate, _at(runs["product"], rate), _at(runs["naive"], rate)) for rate in rates]
    for run in runs["product"]:
        figures += _limits(run)
    return [*figures, *_costs(runs), _highest(runs)]


async def _measure(rig: Rig, side: str, rates: Sequence[int], seconds: float) -> list[Run]:
    await empty(rig)
    runs: list[Run] = []
    async with _pair(rig, side) as pair:
        await run_paced(pair.ingress.port, rig.pool, WARM_UP)
        if await _missing(rig, side, WARM_UP.count, within=_PATIENCE):
            raise BenchFailed(f"{side}: the first callbacks are not decided")
        for rate in rates:
            run, missing = await _run(rig, pair, Pace(rate, int(rate * seconds)))
            runs.append(run)
            show_progress(f"steady {rate}/s {side}: undecided after 1 s {run}, µs CPU: {run.costs}")
            if missing or _is_behind(runs):
                break
    if side == "naive":
        await rig.database.execute("TRUNCATE naive_decisions")
    await empty(rig)
    return runs


def _is_behind(runs: Sequence[Run]) -> bool:
    """Whether the last two rates were too high; a single one may be a hiccup of the machine."""
    return len(runs) > 1 and all(run.left for run in runs[-2:])


@asynccontextmanager
async def _pair(rig: Rig, side: str) -> AsyncIterator[_Pair]:
    worker = rig.roles.worker() if side == "product" else naive_worker(rig, max_jobs=NAIVE_JOBS)
    async with (
        ingresses(rig, (side,), durability="fsync", measured=False) as (ingress,),
        running(worker, cores=SERVER_CORE) as pid,
    ):
        yield _Pair(ingress, pid)


async def _run(rig: Rig, pair: _Pair, pace: Pace) -> tuple[Run, int]:
    side = pair.ingress.name
    before = await rig.database.fetchval(_COUNTS[side])
    used = _used(rig, pair)
    sent = await run_paced(pair.ingress.port, rig.pool, pace)
    missing = await _missing(rig, side, before + pace.count, within=_PATIENCE)
    costs = [(now - then) / pace.count * 1e6 for then, now in zip(used, _used(rig, pair), strict=True)]
    rows = await rig.database.fetch(_DECIDED[side], sent.began)
    decided = {number_of(row["biz_id"]): row["at"] for row in rows}
    if not decided:
        raise BenchFailed(f"{side}: nothing is decided at {pace.rate:g}/s")
    in_time = sent.began + pace.count / pace.rate + KEEPS_UP_WITHIN
    left = pace.count - sum(at <= in_time for at in decided.values())
    latencies = [(at - sent.began - number / pace.rate) * 1000 for number, at in decided.items()]
    p50, p99 = percentile(latencies, 0.50), percentile(latencies, 0.99)
    speed = len(decided) / (max(decided.values()) - sent.began)
    return Run(int(pace.rate), left, min(speed, pace.rate), p50, p99, *costs), missing


def _used(rig: Rig, pair: _Pair) -> tuple[float, float, float, float]:
    return (
        cpu_seconds(pair.ingress.pid),
        cpu_seconds(pair.worker),
        cpu_seconds_of_all(rig.postgres_pid),
        cpu_seconds(rig.valkey_pid),
    )


async def _missing(rig: Rig, side: str, count: int, *, within: float) -> int:
    """Wait up to `within` seconds for `count` decisions in all and return how many are missing."""
    until = time.monotonic() + within
    while True:
        missing = count - int(await rig.database.fetchval(_COUNTS[side]))
        if missing <= 0 or time.monotonic() > until:
            return max(missing, 0)
        await asyncio.sleep(0.05)


def _at(runs: Sequence[Run], rate: int) -> Run | None:
    return next((run for run in runs if run.rate == rate), None)


def _left(rate: int, product: Run | None, naive: Run | None) -> Figure:
    return Figure(
        name=f"{rate:,}/s one by one: undecided after 1 s",
        product=NOT_MEASURED if product is None else str(product),
        peer=NOT_MEASURED if naive is None else str(naive),
        value=None if product is None else product.left,
        target=0 if rate <= KEEPS_UP_AT else None,
        at_most=True,
        unit="callbacks",
        rounds={"offered": rate, "product": product, "naive": naive},
    )


def _limits(run: Run) -> list[Figure]:
    name = f"{run.rate:,}/s one by one: callback → decision"
    return [
        limit(f"{name} {part}", value, "ms", target=targets[run.rate])
        for part, value, targets in (("p50", run.p50, TARGET_P50), ("p99", run.p99, TARGET_P99))
        if run.rate in targets
    ]


def _costs(runs: dict[str, list[Run]]) -> list[Figure]:
    """µs at the highest rate that both sides have."""
    product, naive = runs["product"][min(len(each) for each in runs.values()) - 1], runs["naive"][-1]
    return [
        Figure(
            name=f"CPU µs of all parts at {product.rate:,}/s",
            product=product.costs,
            peer=naive.costs,
            value=naive.cost / product.cost,
        )
    ]


def _highest(runs: dict[str, list[Run]]) -> Figure:
    ours, theirs = (
        max((run.rate for run in runs[side] if not run.left), default=0) for side in ("product", "naive")
    )
    return Figure(
        name="highest rate kept up with",
        product=f"{ours:,}/s",
        peer=f"{theirs:,}/s",
        value=ours / theirs if theirs else None,
        target=TARGET_RATIO,
    )
