"""Decisions per second of one worker process: the product's against the naive one, with an instant vendor.

All jobs are staged under another queue's name while the worker is up and idle; one RENAME sets them free.
The clock runs from there to the last decision, so that it holds all of the work and none of the start. The
naive worker's clock starts at its first decision: arq looks into the queue only twice a second, and that
first wait is no work.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from arq.constants import default_queue_name

from bench.callbacks import SignedCallback, load_callbacks
from bench.report import Figure, median, show_progress
from bench.rig import SERVER_CORE, BenchFailed, Rig, forget, running, until
from bench.staging import STAGED, stage_batches, stage_jobs
from cli.processes import ProcessSpec

TARGET_RATIO: Final = 4.0
WARM_UP: Final = 256
NAIVE_WARM_UP: Final = 64
NAIVE_SHARE: Final = 4
"""The naive worker gets a fourth of the callbacks: enough for a rate, which does not hang on the number."""

TRIAL: Final = 300
PATIENCE: Final = 120

Stage = Callable[[Rig, Sequence[SignedCallback]], Awaitable[None]]


@dataclass(frozen=True)
class _Contender:
    """A worker, how its queue is filled, and where its decisions stand: a table with `outcome`, and the
    queries for the time of the last one and, where the clock starts there, of the first one since. It
    decides `warm_up` callbacks before the clock runs."""

    name: str
    spec: ProcessSpec
    stage: Stage
    table: str
    last: str
    warm_up: int
    first: str | None = None


async def measure_worker(rig: Rig, *, rounds: int, jobs: int) -> list[Figure]:
    """Alternating rounds, each with a fresh worker process; the naive worker with its better `max_jobs`."""
    pool = load_callbacks(rig.pool)
    async with running(vendor_spec(rig)):
        product = _Contender(
            "product",
            rig.spec("worker", "-m", "cli", "worker"),
            stage_batches,
            "decisions",
            "SELECT max(at) FROM timeline WHERE event = 'decision.saved'",
            WARM_UP,
        )
        naive, trials = await _better_naive(rig, pool)
        seen: dict[str, list[float]] = {"product": [], "naive": []}
        for number in range(1, rounds + 1):
            for contender, count in ((product, jobs), (naive, jobs // NAIVE_SHARE)):
                rate = await _round(rig, contender, pool[: contender.warm_up + count])
                seen["product" if contender is product else "naive"].append(rate)
                show_progress(f"worker {number}/{rounds} {contender.name}: {rate:,.0f} decisions/s")
    rate, naive_rate = median(seen["product"]), median(seen["naive"])
    figure = Figure(
        name="decisions/s of one worker",
        product=f"{rate:,.0f}",
        naive=f"{naive_rate:,.0f} ({naive.name})",
        value=rate / naive_rate,
        target=TARGET_RATIO,
        rates=seen,
        rounds={"callbacks": jobs, "trials": trials},
    )
    return [figure]


def vendor_spec(rig: Rig) -> ProcessSpec:
    """The instant vendor of this rig."""
    return rig.spec(
        "vendor", "-m", "bench.vendor", str(rig.vendor_port), str(rig.pool), answers_on=rig.vendor_port
    )


async def empty(rig: Rig) -> None:
    """Forget every callback and decision."""
    await forget(rig.redis)
    await rig.database.execute("TRUNCATE verifications CASCADE")


async def _better_naive(rig: Rig, pool: Sequence[SignedCallback]) -> tuple[_Contender, dict[str, float]]:
    trials: dict[str, float] = {}
    contenders: dict[str, _Contender] = {}
    for max_jobs in (10, 50):
        name = f"max_jobs={max_jobs}"
        argv = ("-m", "arq", "bench.baselines.worker.WorkerSettings")
        contender = _Contender(
            name,
            rig.spec(f"naive-{name}", *argv, BENCH_MAX_JOBS=str(max_jobs)),
            stage_jobs,
            "naive_decisions",
            "SELECT max(decided_at) FROM naive_decisions",
            NAIVE_WARM_UP,
            first="SELECT min(decided_at) FROM naive_decisions WHERE decided_at > $1",
        )
        contenders[name], trials[name] = (
            contender,
            await _round(rig, contender, pool[: NAIVE_WARM_UP + TRIAL]),
        )
        show_progress(f"worker trial naive {name}: {trials[name]:,.0f} decisions/s")
    return contenders[max(trials, key=lambda name: trials[name])], trials


async def _round(rig: Rig, contender: _Contender, callbacks: Sequence[SignedCallback]) -> float:
    """Decisions per second of a fresh worker that has decided the first of the callbacks before."""
    await empty(rig)
    async with running(contender.spec, cores=SERVER_CORE):
        await _process(rig, contender, callbacks[: contender.warm_up], in_all=contender.warm_up)
        seconds = await _process(rig, contender, callbacks[contender.warm_up :], in_all=len(callbacks))
    approved = await rig.database.fetchval(
        f"SELECT count(*) FROM {contender.table} WHERE outcome = 'approved'"
    )
    if approved != len(callbacks):
        raise BenchFailed(f"{contender.name}: {approved} of {len(callbacks)} callbacks were approved")
    await rig.database.execute(f"TRUNCATE {contender.table} CASCADE")
    return (len(callbacks) - contender.warm_up) / seconds


async def _process(
    rig: Rig, contender: _Contender, callbacks: Sequence[SignedCallback], *, in_all: int
) -> float:
    """Stage the callbacks, release them at once, wait until there are `in_all` decisions; the seconds."""
    await contender.stage(rig, callbacks)
    begin = datetime.now(UTC)
    await rig.redis.rename(STAGED, default_queue_name)

    async def done() -> bool:
        return await _decisions(rig, contender.table) >= in_all

    await until(done, seconds=PATIENCE, every=0.05)
    last: datetime = await rig.database.fetchval(contender.last)
    if contender.first:
        begin = await rig.database.fetchval(contender.first, begin)
    return (last - begin).total_seconds()


async def _decisions(rig: Rig, table: str) -> int:
    # The naive worker makes its table when it starts.
    if await rig.database.fetchval("SELECT to_regclass($1)", table) is None:
        return 0
    return int(await rig.database.fetchval(f"SELECT count(*) FROM {table}"))
