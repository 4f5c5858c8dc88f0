"""The speed of a worker with many callbacks waiting against ten thousand; a million with `--long`.

It decides only the first ones: the rest is there to make Redis's queue long.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final, NamedTuple

from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.batch_ids import new_batch_id
from bench.measures.worker.decided import release, vendor_spec
from bench.report.console import show_progress
from bench.report.figures import Figure, cost_figure, median
from bench.rig import SERVER_CORE, Rig, cpu_seconds, empty, running, until
from bench.traffic.callbacks import load_callbacks, renewed
from bench.traffic.staging import BATCH, STAGED, stage_batches

SHORT: Final = 10_000
TARGET: Final = 0.9
_AT_ONCE: Final = 200
_PATIENCE: Final = 120
_RATE: Final = """
SELECT count(*) / extract(epoch FROM max(at) - min(at)) FROM timeline WHERE event = 'decision.saved'
"""


class _Round(NamedTuple):
    """Decisions per second, and the worker's processor time for each in µs."""

    rate: float
    cpu: float


async def measure_drain(rig: Rig, *, rounds: int, waiting: int) -> list[Figure]:
    """Decisions per second of the first `SHORT` callbacks, with only these waiting and with `waiting`."""
    seen: dict[int, list[_Round]] = {SHORT: [], waiting: []}
    async with running(vendor_spec(rig)):
        for number in range(1, rounds + 1):
            for count, done in seen.items():
                done.append(await _round(rig, count))
                show_progress(
                    f"drain {number}/{rounds}, {count:,} waiting: {done[-1].rate:,.0f} decisions/s, "
                    f"{done[-1].cpu:,.0f} µs CPU each"
                )
    await empty(rig)
    return _figures(seen[SHORT], seen[waiting], waiting)


def _figures(short: Sequence[_Round], long: Sequence[_Round], waiting: int) -> list[Figure]:
    rate, base = median(each.rate for each in long), median(each.rate for each in short)
    name = f"decisions/s with {waiting:,} waiting : {SHORT:,}"
    rates = {"product": [each.rate for each in long], "short": [each.rate for each in short]}
    cpu = {"product": [each.cpu for each in long], "short": [each.cpu for each in short]}
    return [
        Figure(name, f"{rate:,.0f}", f"{base:,.0f}", rate / base, TARGET, rates=rates),
        cost_figure(f"CPU µs of the worker per decision, {waiting:,} waiting : {SHORT:,}", cpu, peer="short"),
    ]


async def _round(rig: Rig, waiting: int) -> _Round:
    await empty(rig)
    await stage_batches(rig, list(islice(renewed(load_callbacks(rig.pool)), SHORT)))
    await _lengthen(rig, waiting - SHORT)

    async def decided() -> int:
        return int(await rig.database.fetchval("SELECT count(*) FROM decisions"))

    async def done() -> bool:
        return await decided() >= SHORT

    async with running(rig.roles.worker(), cores=SERVER_CORE) as pid:
        used = cpu_seconds(pid)
        await release(rig, DEFAULT_NAMES.pending)
        await until(done, seconds=_PATIENCE, every=0.05)
        used, count = cpu_seconds(pid) - used, await decided()
    return _Round(float(await rig.database.fetchval(_RATE)), used / count * 1e6)


async def _lengthen(rig: Rig, count: int) -> None:
    """Let `count` more callbacks wait: copies of the last batch, which no worker gets to."""
    (last,) = await rig.redis.zrange(STAGED, -1, -1)
    content = await rig.redis.get(DEFAULT_NAMES.batch.encode() + last)
    for begin in range(0, count // BATCH, _AT_ONCE):
        async with rig.redis.pipeline(transaction=False) as pipe:
            for number in range(begin, min(begin + _AT_ONCE, count // BATCH)):
                batch_id = new_batch_id(BATCH)
                pipe.set(DEFAULT_NAMES.batch + batch_id, content)
                pipe.zadd(STAGED, {batch_id: SHORT + number})
            await pipe.execute()
