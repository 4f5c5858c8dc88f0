"""Decisions per second of one worker process: the product's against the naive one, with an instant vendor.

All jobs are staged under another queue's name while the worker is up and idle; one RENAME releases them. The
time is from the worker's first job to the last decision: all of the work, but neither the start nor the pause
until arq polls the queue again (half a second by default).
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from arq.constants import default_queue_name, in_progress_key_prefix

from adapters.intake.queue import add_wake_up
from adapters.redis.names import DEFAULT_NAMES
from bench.report import Figure, cpu_figure, median, show_progress
from bench.rig import SERVER_CORE, BenchFailed, Rig, cpu_seconds, forget, running, until
from bench.traffic.callbacks import SignedCallback, load_callbacks
from bench.traffic.staging import STAGED, stage_batches, stage_jobs
from devstack.processes import ProcessSpec

TARGET_RATIO: Final = 4.0
WARM_UP: Final = 256
NAIVE_WARM_UP: Final = 64
NAIVE_SHARE: Final = 4
"""The naive worker gets a fourth of the callbacks, which is enough to measure its rate."""

TRIAL: Final = 300
PATIENCE: Final = 120

Stage = Callable[[Rig, Sequence[SignedCallback]], Awaitable[None]]


@dataclass(frozen=True)
class _Contender:
    """A worker, how its queue is filled, the queue's name, and its decisions: a table with `outcome`, and the
    query for the time of the last one. It decides `warm_up` callbacks before the measurement."""

    name: str
    spec: ProcessSpec
    stage: Stage
    line: str
    table: str
    last: str
    warm_up: int


class _Round(NamedTuple):
    """Decisions per second, and the worker's processor time for each in µs."""

    rate: float
    cpu: float


async def measure_worker(rig: Rig, *, rounds: int, jobs: int) -> list[Figure]:
    """Alternating rounds, each with a new worker process; the naive worker with its better `max_jobs`."""
    pool = load_callbacks(rig.pool)
    async with running(vendor_spec(rig)):
        product = _Contender(
            "product",
            rig.roles.worker(),
            stage_batches,
            DEFAULT_NAMES.pending,
            "decisions",
            "SELECT max(at) FROM timeline WHERE event = 'decision.saved'",
            WARM_UP,
        )
        naive, trials = await _better_naive(rig, pool)
        rates: dict[str, list[float]] = {"product": [], "naive": []}
        cpu: dict[str, list[float]] = {"product": [], "naive": []}
        for number in range(1, rounds + 1):
            for side, contender, count in (
                ("product", product, jobs),
                ("naive", naive, jobs // NAIVE_SHARE),
            ):
                seen = await _round(rig, contender, pool[: contender.warm_up + count])
                rates[side].append(seen.rate)
                cpu[side].append(seen.cpu)
                show_progress(
                    f"worker {number}/{rounds} {side}: {seen.rate:,.0f} decisions/s, "
                    f"{seen.cpu:,.0f} µs CPU each"
                )
    rate, naive_rate = median(rates["product"]), median(rates["naive"])
    figure = Figure(
        name="decisions/s of one worker",
        product=f"{rate:,.0f}",
        naive=f"{naive_rate:,.0f} ({naive.name})",
        value=rate / naive_rate,
        target=TARGET_RATIO,
        rates=rates,
        rounds={"callbacks": jobs, "trials": trials},
    )
    return [figure, cpu_figure("CPU µs per decision", cpu)]


def vendor_spec(rig: Rig) -> ProcessSpec:
    """The instant vendor of this rig."""
    return rig.roles.program(
        "vendor", "-m", "bench.traffic.vendor", str(rig.vendor_port), str(rig.pool), port=rig.vendor_port
    )


async def empty(rig: Rig) -> None:
    """Delete every callback and decision."""
    await forget(rig.redis)
    await rig.database.execute("TRUNCATE verifications, callbacks, pulls, timeline, decisions CASCADE")


async def _better_naive(rig: Rig, pool: Sequence[SignedCallback]) -> tuple[_Contender, dict[str, float]]:
    trials: dict[str, float] = {}
    contenders: dict[str, _Contender] = {}
    for max_jobs in (10, 50):
        name = f"max_jobs={max_jobs}"
        argv = ("-m", "arq", "bench.baselines.worker.WorkerSettings")
        contender = _Contender(
            name,
            rig.roles.with_settings(BENCH_MAX_JOBS=str(max_jobs)).program(f"naive-{name}", *argv),
            stage_jobs,
            default_queue_name,
            "naive_decisions",
            "SELECT max(decided_at) FROM naive_decisions",
            NAIVE_WARM_UP,
        )
        contenders[name] = contender
        trials[name] = (await _round(rig, contender, pool[: NAIVE_WARM_UP + TRIAL])).rate
        show_progress(f"worker trial naive {name}: {trials[name]:,.0f} decisions/s")
    return contenders[max(trials, key=lambda name: trials[name])], trials


async def _round(rig: Rig, contender: _Contender, callbacks: Sequence[SignedCallback]) -> _Round:
    """Measure a new worker that has decided the first callbacks before."""
    await empty(rig)
    async with running(contender.spec, cores=SERVER_CORE) as pid:
        await _process(rig, contender, callbacks[: contender.warm_up], in_all=contender.warm_up)
        used = cpu_seconds(pid)
        seconds = await _process(rig, contender, callbacks[contender.warm_up :], in_all=len(callbacks))
        used = cpu_seconds(pid) - used
    approved = await rig.database.fetchval(
        f"SELECT count(*) FROM {contender.table} WHERE outcome = 'approved'"
    )
    if approved != len(callbacks):
        raise BenchFailed(f"{contender.name}: {approved} of {len(callbacks)} callbacks were approved")
    await rig.database.execute(f"TRUNCATE {contender.table} CASCADE")
    count = len(callbacks) - contender.warm_up
    return _Round(count / seconds, used / count * 1e6)


async def _process(
    rig: Rig, contender: _Contender, callbacks: Sequence[SignedCallback], *, in_all: int
) -> float:
    """Stage the callbacks, release them at once, wait for `in_all` decisions, and return the seconds."""
    await contender.stage(rig, callbacks)
    (first,) = await rig.redis.zrange(STAGED, 0, 0)
    async with rig.redis.pipeline(transaction=True) as pipe:
        pipe.rename(STAGED, contender.line)
        add_wake_up(pipe, names=DEFAULT_NAMES, now_ms=time.time_ns() // 1_000_000)
        await pipe.execute()

    async def taken() -> bool:
        begun = await rig.redis.exists(in_progress_key_prefix.encode() + first)
        return bool(begun) or await rig.redis.zscore(contender.line, first) is None

    async def done() -> bool:
        return await _decisions(rig, contender.table) >= in_all

    await until(taken, seconds=PATIENCE, every=0.002)
    begin = datetime.now(UTC)
    await until(done, seconds=PATIENCE, every=0.05)
    last: datetime = await rig.database.fetchval(contender.last)
    return (last - begin).total_seconds()


async def _decisions(rig: Rig, table: str) -> int:
    # The naive worker creates its table when it starts.
    if await rig.database.fetchval("SELECT to_regclass($1)", table) is None:
        return 0
    return int(await rig.database.fetchval(f"SELECT count(*) FROM {table}"))
