"""Decisions per second of a worker while retention and `keys rewrap` work through an old database, and
without.

Both sides have the same database: verifications that have been kept long enough, whose data keys are under
the master key. On one side they are due, and `keys rewrap` runs beside the worker; on the other, nothing is
done about them. The sweeps come every second, so that a short round has its share of retention.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

from adapters.sealing.envelope import WRAPPED_BY_MASTER
from bench.failure import BenchFailed
from bench.measures.worker.decided import WARM_UP, Round, measure_round, product_with, vendor_spec
from bench.report.console import show_progress
from bench.report.figures import Figure, cost_figure, rate_figure
from bench.rig import Rig, empty, running, until
from bench.traffic.callbacks import APP_ID, load_callbacks
from bench.traffic.seeding import add_aged, drop_aged, keep_aged
from devstack.roles import Roles

TARGET: Final = 0.90
SIDES: Final = ("without", "with")
_NAMES: Final = {"with": "product", "without": "without"}
_KEPT: Final = {"raw_days": 3650, "identity_days": 3650}
_DONE: Final = f"""
SELECT count(*) FILTER (WHERE octet_length(wrapped_key) <> {WRAPPED_BY_MASTER}) AS rewrapped,
       count(*) FILTER (WHERE erased_at IS NOT NULL) AS erased
FROM verifications WHERE state = 'expired'
"""
_PATIENCE: Final = 30


class Done(NamedTuple):
    """How many of the old verifications were rewrapped and erased."""

    rewrapped: int
    erased: int


async def measure_upkeep(rig: Rig, *, rounds: int, jobs: int, rows: int) -> list[Figure]:
    """Alternating rounds, each with a new worker process beside `rows` old verifications."""
    seen: dict[str, list[Round]] = {side: [] for side in SIDES}
    await empty(rig)
    await keep_aged(rig, count=rows)
    async with running(vendor_spec(rig)):
        for number in range(1, rounds + 1):
            # In turns, because what one round leaves to do in PostgreSQL slows down the next.
            for side in SIDES if number % 2 else SIDES[::-1]:
                done = await _with(rig, jobs) if side == "with" else await _without(rig, jobs)
                seen[side].append(done)
                show_progress(f"upkeep {number}/{rounds} {side}: {done.rate:,.0f} decisions/s")
    await empty(rig)
    await drop_aged(rig)
    rates = {_NAMES[side]: [each.rate for each in seen[side]] for side in SIDES}
    cpu = {_NAMES[side]: [each.cpu for each in seen[side]] for side in SIDES}
    return [
        rate_figure("decisions/s beside retention and rewrap", rates, "without", target=TARGET),
        cost_figure("CPU µs of the worker per decision beside retention", cpu, peer="without"),
    ]


async def _without(rig: Rig, jobs: int) -> Round:
    apps = json.loads(rig.roles.env["FACEID_APPS"])
    apps[APP_ID]["retention"] = _KEPT
    roles = _roles(rig).with_settings(FACEID_APPS=json.dumps(apps))
    callbacks = load_callbacks(rig.pool)[: WARM_UP + jobs]
    done = await measure_round(rig, product_with(roles.worker()), callbacks, before=_age)
    if await _done(rig) != (0, 0):
        raise BenchFailed("something was erased or rewrapped in a round without upkeep")
    return done


async def _with(rig: Rig, jobs: int) -> Round:
    callbacks = load_callbacks(rig.pool)[: WARM_UP + jobs]
    worker = product_with(_roles(rig).worker())
    return await measure_round(rig, worker, callbacks, before=_age, beside=_rewrapping)


def _roles(rig: Rig) -> Roles:
    url = (rig.folder / "upkeep-keys").as_uri()
    return rig.roles.with_settings(FACEID_KEYS_URL=url, FACEID_SWEEP_EVERY="1")


async def _age(rig: Rig) -> None:
    await empty(rig)
    await add_aged(rig)


@asynccontextmanager
async def _rewrapping(rig: Rig) -> AsyncIterator[None]:
    """`keys rewrap` is under way during the block, and both do something in it."""

    async def begun() -> bool:
        return min(await _done(rig)) > 0

    async with running(_roles(rig).program("rewrap", "-m", "cli", "keys", "rewrap")):
        await until(begun, seconds=_PATIENCE, every=0.05)
        before = await _done(rig)
        yield
        after = await _done(rig)
    show_progress(
        f"upkeep: {after.rewrapped - before.rewrapped:,} rewrapped, {after.erased - before.erased:,} erased"
    )


async def _done(rig: Rig) -> Done:
    row = await rig.database.fetchrow(_DONE)
    assert row is not None
    return Done(*row)
