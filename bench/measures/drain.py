"""The speed of a worker with a million callbacks waiting against ten thousand (`--long`).

It decides only the first ones: the rest is there to make Redis's queue long.
"""

from itertools import islice
from typing import Final

from adapters.redis.names import DEFAULT_NAMES
from adapters.sealing.batch_ids import new_batch_id
from bench.measures.worker import release, vendor_spec
from bench.report.console import show_progress
from bench.report.figures import Figure, median
from bench.rig import SERVER_CORE, Rig, empty, running, until
from bench.traffic.callbacks import load_callbacks, renewed
from bench.traffic.staging import BATCH, STAGED, stage_batches

SHORT: Final = 10_000
TARGET: Final = 0.9
_AT_ONCE: Final = 200
_PATIENCE: Final = 120


async def measure_drain(rig: Rig, *, rounds: int, waiting: int) -> list[Figure]:
    """Decisions per second of the first `SHORT` callbacks, with only these waiting and with `waiting`."""
    seen: dict[int, list[float]] = {SHORT: [], waiting: []}
    async with running(vendor_spec(rig)):
        for number in range(1, rounds + 1):
            for count, rates in seen.items():
                rates.append(await _round(rig, count))
                show_progress(f"drain {number}/{rounds}, {count:,} waiting: {rates[-1]:,.0f} decisions/s")
    await empty(rig)
    long, short = median(seen[waiting]), median(seen[SHORT])
    return [
        Figure(
            name=f"decisions/s with {waiting:,} waiting : {SHORT:,}",
            product=f"{long:,.0f} : {short:,.0f}",
            peer="",
            value=long / short,
            target=TARGET,
            rates={"product": seen[waiting], "short": seen[SHORT]},
        )
    ]


async def _round(rig: Rig, waiting: int) -> float:
    await empty(rig)
    await stage_batches(rig, list(islice(renewed(load_callbacks(rig.pool)), SHORT)))
    await _lengthen(rig, waiting - SHORT)

    async def decided() -> bool:
        return bool(await rig.database.fetchval("SELECT count(*) FROM decisions") >= SHORT)

    async with running(rig.roles.worker(), cores=SERVER_CORE):
        await release(rig, DEFAULT_NAMES.pending)
        await until(decided, seconds=_PATIENCE, every=0.1)
    return SHORT / float(
        await rig.database.fetchval(
            "SELECT extract(epoch FROM max(at) - min(at)) FROM timeline WHERE event = 'decision.saved'"
        )
    )


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
