"""A young database: a worker decides from the first verification on, and every batch has one callback.

PostgreSQL plans for tables that it still believes to be empty, so this shows whether a plan reads more rows
as they fill. The same run tells what a verification takes on disk and in the log.
"""

from itertools import islice, pairwise
from typing import Any, Final

from adapters.redis.names import DEFAULT_NAMES
from bench.failure import BenchFailed
from bench.measures.worker.decided import release, vendor_spec
from bench.report.console import show_progress
from bench.report.figures import Figure, limit
from bench.rig import FILLED, SERVER_CORE, Rig, cpu_seconds, empty, running, until
from bench.traffic.callbacks import load_callbacks, renewed
from bench.traffic.staging import stage_batches

STEPS: Final = 8
TARGET_ROWS: Final = 50
TARGET_SLOWEST: Final = 0.5
LEAST: Final = 20_000
"""Eighths of fewer verifications take a blink: a single checkpoint makes one twice as slow."""

TARGET_COST: Final = 1_000
TARGET_BYTES: Final = 7_000
_PATIENCE: Final = 240

_READ: Final = """
SELECT relname, seq_tup_read + coalesce(idx_tup_fetch, 0) AS read
FROM pg_stat_user_tables WHERE relname = ANY($1)
"""
_SIZE: Final = """
SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
WHERE relkind = 'r' AND relname = ANY($1)
"""
_OPEN: Final = "SELECT EXISTS (SELECT FROM verifications WHERE due_at IS NOT NULL AND NOT held)"
_TIMES: Final = """
SELECT extract(epoch FROM at)::float8 AS at FROM timeline WHERE event = 'decision.saved' ORDER BY timeline.at
"""


async def measure_young(rig: Rig, *, count: int) -> list[Figure]:
    """Decide `count` callbacks, each in its own batch, on an empty database."""
    await empty(rig)
    await stage_batches(rig, list(islice(renewed(load_callbacks(rig.pool)), count)), size=1)
    # Full page images after a checkpoint would count as this run's.
    await rig.database.execute("CHECKPOINT")
    read, size, log = await _read(rig), await _size(rig), await _log(rig)
    async with running(vendor_spec(rig)):
        cost = await _decide(rig) / count * 1e6
    each = {table: (now - read[table]) / count for table, now in (await _read(rig)).items()}
    size, log = (await _size(rig) - size) / count, (await _log(rig) - log) / count
    speeds = await _speeds(rig, count)
    await empty(rig)
    show_progress(
        f"young: {', '.join(f'{speed:,.0f}' for speed in speeds)} decisions/s, {cost:,.0f} µs CPU each"
    )
    return _figures(count, speeds, each, cost=cost, size=size, log=log)


async def _decide(rig: Rig) -> float:
    """Run a worker until all is decided, and return its processor seconds.

    Nothing is counted in the database, since the rows that are read there are what is measured.
    """

    async def done() -> bool:
        if await rig.redis.exists(DEFAULT_NAMES.pending, DEFAULT_NAMES.claimed):
            return False
        async with rig.database.transaction():
            await rig.database.execute("SET LOCAL enable_seqscan = off")
            return not await rig.database.fetchval(_OPEN)

    async with running(rig.roles.worker(), cores=SERVER_CORE) as pid:
        used = cpu_seconds(pid)
        await release(rig, DEFAULT_NAMES.pending)
        await until(done, seconds=_PATIENCE, every=0.1)
        return cpu_seconds(pid) - used


async def _speeds(rig: Rig, count: int) -> list[float]:
    """Decisions per second of each eighth."""
    times = [row["at"] for row in await rig.database.fetch(_TIMES)]
    if len(times) != count:
        raise BenchFailed(f"{len(times)} of {count} callbacks were decided")
    ends = [times[min(step * count // STEPS, count - 1)] for step in range(STEPS + 1)]
    return [count / STEPS / max(end - begin, 1e-3) for begin, end in pairwise(ends)]


def _figures(
    count: int, speeds: list[float], read: dict[str, float], *, cost: float, size: float, log: float
) -> list[Figure]:
    table = max(read, key=lambda name: read[name])
    rounds: dict[str, Any] = {"decisions/s": speeds, "rows read": read}
    slowest = Figure(
        name="young database: slowest eighth : fastest",
        product=f"{min(speeds):,.0f} : {max(speeds):,.0f} decisions/s",
        peer="",
        value=min(speeds) / max(speeds),
        target=TARGET_SLOWEST if count >= LEAST else None,
        rounds=rounds,
    )
    return [
        slowest,
        limit("young database: rows read per decision", read[table], "rows", target=TARGET_ROWS, note=table),
        limit("young database: CPU µs of the worker each", cost, "µs", target=TARGET_COST),
        limit("disk per verification", size, "B", target=TARGET_BYTES),
        limit("write-ahead log per verification", log, "B"),
    ]


async def _read(rig: Rig) -> dict[str, int]:
    """The rows that were read of each table, ever."""
    return {row["relname"]: row["read"] for row in await rig.database.fetch(_READ, FILLED)}


async def _size(rig: Rig) -> float:
    return float(await rig.database.fetchval(_SIZE, FILLED))


async def _log(rig: Rig) -> float:
    """The bytes of the write-ahead log, ever."""
    return float(await rig.database.fetchval("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"))
