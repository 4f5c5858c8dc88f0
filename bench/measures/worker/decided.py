"""Decisions per second of one worker process: the product's against the naive one, with an instant vendor.

All jobs are staged under another queue's name while the worker is up and idle; one RENAME releases them. The
time is from the worker's first job to the last decision: all of the work, but neither the start nor the pause
until arq polls the queue again (half a second by default).
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
from arq.constants import default_queue_name, in_progress_key_prefix

from adapters.intake.queue import add_wake_up
from adapters.redis.names import DEFAULT_NAMES
from bench.failure import BenchFailed
from bench.report.console import show_progress
from bench.report.figures import Figure, cost_figure, rate_figure
from bench.rig import SERVER_CORE, Rig, cpu_seconds, cpu_seconds_of_all, empty, running, until
from bench.traffic.callbacks import SignedCallback, load_callbacks
from bench.traffic.staging import STAGED, stage_batches, stage_jobs
from devstack.processes import ProcessSpec

TARGET_RATIO: Final = 6.0
WARM_UP: Final = 256
NAIVE_WARM_UP: Final = 64
NAIVE_SHARE: Final = 4
"""The naive worker gets a fourth of the callbacks, which is enough to measure its rate."""

TRIAL: Final = 300
PATIENCE: Final = 120

Stage = Callable[[Rig, Sequence[SignedCallback]], Awaitable[None]]
Rest = Callable[[Rig, int], Awaitable[None]]


@dataclass(frozen=True)
class Contender:
    """A worker, how its queue is filled, the queue's name, and its decisions: a table with `outcome`, and the
    query for the time of the last one. It decides `warm_up` callbacks before the measurement."""

    name: str
    spec: ProcessSpec
    stage: Stage
    line: str
    table: str
    last: str
    warm_up: int


class Round(NamedTuple):
    """Decisions per second, and the processor time of worker and PostgreSQL for each in µs."""

    rate: float
    cpu: float
    postgres: float


async def measure_worker(rig: Rig, *, rounds: int, jobs: int) -> list[Figure]:
    """Alternating rounds, each with a new worker process; the naive worker with its better `max_jobs`."""
    pool = load_callbacks(rig.pool)
    product = product_with(rig.roles.worker())
    async with running(vendor_spec(rig)):
        naive, trials = await _better_naive(rig, pool)
        seen: dict[str, list[Round]] = {"product": [], "naive": []}
        for number in range(1, rounds + 1):
            for side, contender, count in (
                ("product", product, jobs),
                ("naive", naive, jobs // NAIVE_SHARE),
            ):
                done = await measure_round(rig, contender, pool[: contender.warm_up + count])
                seen[side].append(done)
                show_progress(
                    f"worker {number}/{rounds} {side}: {done.rate:,.0f} decisions/s, "
                    f"{done.cpu:,.0f} µs CPU each, {done.postgres:,.0f} µs of PostgreSQL"
                )
    rates, cpu, postgres = (
        {side: list(column) for side, column in _columns(seen, place)} for place in range(3)
    )
    rate = rate_figure("decisions/s of one worker", rates, "naive", target=TARGET_RATIO)
    rate = msgspec.structs.replace(
        rate, peer=f"{rate.peer} ({naive.name})", rounds={"callbacks": jobs, "trials": trials}
    )
    return [
        rate,
        cost_figure("CPU µs of the worker per decision", cpu),
        cost_figure("CPU µs of PostgreSQL per decision", postgres),
    ]


def _columns(seen: dict[str, list[Round]], place: int) -> Iterator[tuple[str, Iterator[float]]]:
    """One value of every round, by side."""
    return ((side, (each[place] for each in rounds)) for side, rounds in seen.items())


def vendor_spec(rig: Rig) -> ProcessSpec:
    """The instant vendor of this rig."""
    return rig.roles.program(
        "vendor", "-m", "bench.traffic.vendor", str(rig.vendor_port), str(rig.pool), port=rig.vendor_port
    )


def naive_worker(rig: Rig, *, max_jobs: int) -> ProcessSpec:
    """The naive worker."""
    argv = ("-m", "arq", "bench.baselines.worker.WorkerSettings")
    return rig.roles.with_settings(BENCH_MAX_JOBS=str(max_jobs)).program("naive-worker", *argv)


async def release(rig: Rig, line: str) -> None:
    """Give the staged batches or jobs to the worker of this queue, all at once."""
    async with rig.redis.pipeline(transaction=True) as pipe:
        pipe.rename(STAGED, line)
        add_wake_up(pipe, names=DEFAULT_NAMES, now_ms=time.time_ns() // 1_000_000)
        await pipe.execute()


async def _better_naive(rig: Rig, pool: Sequence[SignedCallback]) -> tuple[Contender, dict[str, float]]:
    trials: dict[str, float] = {}
    contenders: dict[str, Contender] = {}
    for max_jobs in (10, 50):
        name = f"max_jobs={max_jobs}"
        contender = Contender(
            name,
            naive_worker(rig, max_jobs=max_jobs),
            stage_jobs,
            default_queue_name,
            "naive_decisions",
            "SELECT max(decided_at) FROM naive_decisions",
            NAIVE_WARM_UP,
        )
        contenders[name] = contender
        trials[name] = (await measure_round(rig, contender, pool[: NAIVE_WARM_UP + TRIAL])).rate
        show_progress(f"worker trial naive {name}: {trials[name]:,.0f} decisions/s")
    return contenders[max(trials, key=lambda name: trials[name])], trials


def product_with(worker: ProcessSpec) -> Contender:
    """The product's worker, run like this."""
    last = "SELECT max(at) FROM timeline WHERE event = 'decision.saved'"
    return Contender("product", worker, stage_batches, DEFAULT_NAMES.pending, "decisions", last, WARM_UP)


async def nothing_more(_rig: Rig, _in_all: int) -> None:
    """A round ends with its last decision."""


async def measure_round(
    rig: Rig,
    contender: Contender,
    callbacks: Sequence[SignedCallback],
    *,
    rest: Rest = nothing_more,
    before: Callable[[Rig], Awaitable[None]] = empty,
    beside: Callable[[Rig], AbstractAsyncContextManager[object]] = nullcontext,
) -> Round:
    """Measure a new worker that has decided the first callbacks before. The processor times include `rest`,
    the work that follows from these decisions. `before` makes the database as it is before the worker
    starts; what `beside` yields runs while the rest is decided."""
    await before(rig)
    async with running(contender.spec, cores=SERVER_CORE) as pid:
        await _process(rig, contender, callbacks[: contender.warm_up], in_all=contender.warm_up)
        await rest(rig, contender.warm_up)
        used, postgres = cpu_seconds(pid), cpu_seconds_of_all(rig.postgres_pid)
        async with beside(rig):
            seconds = await _process(rig, contender, callbacks[contender.warm_up :], in_all=len(callbacks))
        await rest(rig, len(callbacks))
        used, postgres = cpu_seconds(pid) - used, cpu_seconds_of_all(rig.postgres_pid) - postgres
    approved = await rig.database.fetchval(
        f"SELECT count(*) FROM {contender.table} WHERE outcome = 'approved'"
    )
    if approved != len(callbacks):
        raise BenchFailed(f"{contender.name}: {approved} of {len(callbacks)} callbacks were approved")
    await rig.database.execute(f"TRUNCATE {contender.table} CASCADE")
    count = len(callbacks) - contender.warm_up
    return Round(count / seconds, used / count * 1e6, postgres / count * 1e6)


async def _process(
    rig: Rig, contender: Contender, callbacks: Sequence[SignedCallback], *, in_all: int
) -> float:
    """Stage the callbacks, release them at once, wait for `in_all` decisions, and return the seconds."""
    await contender.stage(rig, callbacks)
    (first,) = await rig.redis.zrange(STAGED, 0, 0)
    await release(rig, contender.line)

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
